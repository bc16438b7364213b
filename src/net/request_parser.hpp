// Beast's HTTP/1 parser, collecting views of a head that is complete, and the bytes of a chunked body.
//
// One per message. It refuses chunk extensions and trailers beyond its bounds, white space around chunk sizes, and
// whatever Beast refuses; HeadScanner and check_framing refuse the rest.
#pragma once

#include "net/exchange.hpp"
#include "net/framing.hpp"

#include <ragd/error.hpp>

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

inline constexpr std::size_t kMaxChunkLine = 1024;              ///< a chunk's size with its extensions
inline constexpr std::size_t kMaxChunkExtensions = 4ULL << 10;  ///< of one body in sum
inline constexpr std::size_t kMaxTrailerBytes = 4ULL << 10;

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  /// Fields are appended to `headers`, a chunked body's bytes to `body`.
  RequestParser(std::vector<HeaderField>& headers, std::string& body);

  /// `head` is exactly what HeadScanner found.
  [[nodiscard]] std::optional<Error> parse_head(std::string_view head);
  [[nodiscard]] const RequestLine& line() const { return line_; }

  /// Takes what it can of a chunked body: the number of bytes used up. The body is complete when is_done().
  [[nodiscard]] Result<std::size_t> parse_chunks(std::string_view bytes, std::uint64_t max_body_bytes);

 private:
  using ErrorCode = boost::beast::error_code;
  using Text = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, ErrorCode& ec) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, Text name, Text value, ErrorCode& ec) override;
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(Text, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, Text extensions, ErrorCode& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, Text bytes, ErrorCode& ec) override;
  void on_finish_impl(ErrorCode&) override {}

  [[nodiscard]] std::optional<Error> check_unfinished(std::string_view rest) const;

  std::vector<HeaderField>& headers_;
  std::string& body_;
  RequestLine line_;
  std::optional<Error> refusal_;  // why a callback stopped Beast
  std::uint64_t max_body_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  const char* trailers_ = nullptr;  // where they begin, in the bytes being parsed
  bool seen_chunk_ = false;
  bool in_trailers_ = false;
};

}  // namespace ragd::net
