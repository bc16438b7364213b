// "host:port" as listen addresses are written: 127.0.0.1:8000, [::1]:8000, localhost:8000.
//
// Stateless, thread-safe. It looks nothing up: a name stays a name.
#pragma once

#include <ragd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::base {

struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
};

[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

/// An IPv6 address gets its brackets.
[[nodiscard]] std::string format_host_port(const HostPort& address);

}  // namespace ragd::base
