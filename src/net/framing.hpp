// What a parsed head says about its message: where it goes, how its body is framed, whether the connection lives on.
// Every message two readers could delimit or address differently is refused (RFC 9112, 2.2, 3.2, 6).
//
// Pure; views point into what was given.
#pragma once

#include "net/exchange.hpp"

#include <ragd/error.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace ragd::net {

struct RequestLine {
  Method method = Method::other;
  std::string_view method_name;
  std::string_view target;
  unsigned version = 11;  ///< 10 or 11
};

enum class BodyFraming : std::uint8_t { none, length, chunked };

struct Framing {
  std::string_view path;
  std::string_view query;
  std::string_view host;
  BodyFraming body = BodyFraming::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

[[nodiscard]] Result<Framing> check_framing(const RequestLine& line, std::span<const HeaderField> headers);

/// uri-host [":" port] of RFC 3986 without its exotic parts: a name, an IPv4 address or an IPv6 one in brackets.
[[nodiscard]] bool is_valid_authority(std::string_view authority);

}  // namespace ragd::net
