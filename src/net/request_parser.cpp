#include "net/request_parser.hpp"

#include "base/ascii.hpp"
#include "net/head_scanner.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace ragd::net {

namespace http = boost::beast::http;

namespace {

std::string_view to_std(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::delete_;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

/// The line ends as HTTP/d.d, of a version not spoken here.
bool names_other_version(std::string_view head) {
  constexpr std::string_view kForm = "HTTP/d.d";
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (line.size() < kForm.size()) return false;
  const std::string_view version = line.substr(line.size() - kForm.size());
  if (version == "HTTP/1.0" || version == "HTTP/1.1") return false;  // then something else is wrong before it
  return version.starts_with("HTTP/") && base::is_digit(version[5]) && version[6] == '.' && base::is_digit(version[7]);
}

constexpr std::string_view kEmptyBody = "0\r\n\r\n";

Error malformed(std::string_view what) {
  return fail(Errc::bad_request, std::string(what), std::string(what));
}

}  // namespace

RequestParser::RequestParser(std::vector<HeaderField>& headers, std::string& body) : headers_(headers), body_(body) {
  header_limit(static_cast<std::uint32_t>(2 + kMaxRequestLine + 2 + kMaxHeaderBytes + 2));
  body_limit(boost::none);  // the session and on_chunk_header_impl bound the body
}

std::optional<Error> RequestParser::parse_head(std::string_view head) {
  ErrorCode ec;
  put(boost::asio::const_buffer(head.data(), head.size()), ec);
  if (!ec) return std::nullopt;
  if (ec == http::error::bad_version && names_other_version(head)) {
    return fail(Errc::version_not_supported, "HTTP version other than 1.0 and 1.1");
  }
  return fail(Errc::bad_request, ec.message(), "The request line or a header field is malformed.");
}

Result<std::size_t> RequestParser::parse_chunks(std::string_view bytes, std::uint64_t max_body_bytes) {
  max_body_bytes_ = max_body_bytes;
  std::size_t used = 0;
  while (!is_done()) {
    const std::string_view rest = bytes.substr(used);
    // Beast asserts, where the last chunk is the first, that it is shown no less than a whole empty body.
    if (!seen_chunk_ && rest.size() < kEmptyBody.size()) return used;
    ErrorCode ec;
    used += put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
    if (refusal_) return *refusal_;
    if (ec == http::error::need_more || (!ec && used == bytes.size() && !is_done())) {
      if (auto error = check_unfinished(bytes.substr(used))) return *std::move(error);
      return used;
    }
    if (ec) return fail(Errc::bad_request, ec.message(), "The chunked body is malformed.");
    if (is_done()) {
      const auto begin = static_cast<std::size_t>(trailers_ - bytes.data());
      if (used - begin > kMaxTrailerBytes) return fail(Errc::headers_too_large, "trailers too large");
      if (auto error = check_trailers(bytes.substr(begin, used - begin))) return *std::move(error);
    }
  }
  return used;
}

std::optional<Error> RequestParser::check_unfinished(std::string_view rest) const {
  // What Beast leaves is part of a chunk's line, or the last chunk's line with trailers behind it.
  const std::size_t line_end = rest.find("\r\n", rest.starts_with("\r\n") ? 2 : 0);
  if (std::min(line_end, rest.size()) > kMaxChunkLine) return malformed("A chunk's extensions are too long.");
  if (rest.size() > kMaxChunkLine + kMaxTrailerBytes) return fail(Errc::headers_too_large, "trailers too large");
  return std::nullopt;
}

void RequestParser::on_request_impl(http::verb verb, Text method, Text target, int version, ErrorCode& /*ec*/) {
  line_.method = method_of(verb);
  line_.method_name = to_std(method);
  line_.target = to_std(target);
  line_.version = static_cast<unsigned>(version);
}

void RequestParser::on_field_impl(http::field /*field*/, Text name, Text value, ErrorCode& /*ec*/) {
  if (in_trailers_) return;  // allowed, bounded, and of no use to anyone here
  headers_.push_back({to_std(name), to_std(value)});
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, Text extensions, ErrorCode& ec) {
  const auto refuse = [this, &ec](Error error) {
    refusal_ = std::move(error);
    ec = http::error::bad_chunk;
  };
  seen_chunk_ = true;
  const std::string_view text = to_std(extensions);
  extension_bytes_ += text.size();
  if (text.size() > kMaxChunkLine || extension_bytes_ > kMaxChunkExtensions) {
    return refuse(malformed("A chunk's extensions are too long."));
  }
  if (!text.empty() && (text.front() != ';' || std::any_of(text.begin(), text.end(), base::is_control))) {
    return refuse(malformed("A chunk's extensions are malformed."));
  }
  if (size > max_body_bytes_ - std::min<std::uint64_t>(max_body_bytes_, body_.size())) {
    return refuse(fail(Errc::payload_too_large, "chunked body beyond the limit"));
  }
  if (size == 0) {
    in_trailers_ = true;
    trailers_ = text.data() + text.size() + 2;
  }
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remain*/, Text bytes, ErrorCode& /*ec*/) {
  body_.append(bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace ragd::net
