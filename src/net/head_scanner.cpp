#include "net/head_scanner.hpp"

#include "base/byte_scan.hpp"

namespace ragd::net {

namespace {

Error malformed(std::string_view what) {
  return fail(Errc::bad_request, std::string(what), std::string(what));
}

std::optional<Error> check_field_line(std::string_view line, std::size_t count) {
  if (line.front() == ' ' || line.front() == '\t') return malformed("A header field is folded over two lines.");
  if (count > kMaxHeaderFields) return fail(Errc::headers_too_large, "more header fields than allowed");
  return std::nullopt;
}

/// The end of the line that `position` lies in: the index of its CR, or of the byte where looking must go on.
Result<std::size_t> find_line_end(std::string_view bytes, std::size_t position) {
  position = base::find_control(bytes, position);
  while (position < bytes.size() && bytes[position] == '\t') position = base::find_control(bytes, position + 1);
  if (position == bytes.size()) return position;
  if (bytes[position] == '\n') return malformed("A line ends with LF alone.");
  if (bytes[position] != '\r') return malformed("The head holds a control character.");
  if (position + 1 < bytes.size() && bytes[position + 1] != '\n') return malformed("A CR stands without its LF.");
  return position;
}

}  // namespace

Result<std::string_view> HeadScanner::scan(std::string_view bytes) {
  while (!complete_) {
    const Result<std::size_t> end = find_line_end(bytes, position_);
    if (end.has_error()) return end.error();
    position_ = *end;
    if (auto error = check_size(position_)) return *std::move(error);
    if (position_ + 1 >= bytes.size()) return std::string_view{};  // neither CR nor CRLF yet
    const std::string_view line = bytes.substr(line_begin_, position_ - line_begin_);
    position_ += 2;
    if (auto error = end_line(line)) return *std::move(error);
    line_begin_ = position_;
  }
  return bytes.substr(head_begin_, position_ - head_begin_);
}

std::optional<Error> HeadScanner::end_line(std::string_view line) {
  if (fields_begin_ != 0) {
    if (line.empty()) {
      complete_ = true;
      return std::nullopt;
    }
    return check_field_line(line, ++fields_);
  }
  if (!line.empty()) {
    fields_begin_ = position_;
    return std::nullopt;
  }
  if (head_begin_ != 0) return malformed("Empty lines stand where a request should.");
  head_begin_ = position_;
  return std::nullopt;
}

std::optional<Error> HeadScanner::check_size(std::size_t received) const {
  if (fields_begin_ == 0) {
    if (received - head_begin_ > kMaxRequestLine) return fail(Errc::uri_too_long, "request line too long");
  } else if (received - fields_begin_ > kMaxHeaderBytes) {
    return fail(Errc::headers_too_large, "header fields too large in sum");
  }
  return std::nullopt;
}

std::optional<Error> check_trailers(std::string_view section) {
  std::size_t fields = 0;
  for (std::size_t begin = 0; begin < section.size();) {
    const Result<std::size_t> end = find_line_end(section, begin);
    if (end.has_error()) return end.error();
    const std::string_view line = section.substr(begin, *end - begin);
    if (line.empty()) return std::nullopt;
    if (auto error = check_field_line(line, ++fields)) return error;
    begin = *end + 2;
  }
  return std::nullopt;
}

}  // namespace ragd::net
