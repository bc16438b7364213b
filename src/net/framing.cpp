#include "net/framing.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace ragd::net {

namespace {

Error refuse(Errc code, std::string_view what) {
  return fail(code, std::string(what), std::string(what));
}

/// All the head has to say about framing, gathered in one walk over the fields.
struct Fields {
  std::size_t hosts = 0;
  std::string_view host;
  std::size_t lengths = 0;
  std::string_view length;
  std::size_t codings = 0;
  std::string_view coding;
  std::size_t expectations = 0;
  std::string_view expectation;
  bool close = false;
  bool keep_alive = false;
};

void read_connection(std::string_view list, Fields& fields) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view option = base::trim_blanks(list.substr(0, comma));
    if (base::equal_ignoring_case(option, "close")) fields.close = true;
    if (base::equal_ignoring_case(option, "keep-alive")) fields.keep_alive = true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

Fields gather(std::span<const HeaderField> headers) {
  Fields fields;
  for (const HeaderField& header : headers) {
    if (base::equal_ignoring_case(header.name, "host")) {
      ++fields.hosts;
      fields.host = header.value;
    } else if (base::equal_ignoring_case(header.name, "content-length")) {
      ++fields.lengths;
      fields.length = header.value;
    } else if (base::equal_ignoring_case(header.name, "transfer-encoding")) {
      ++fields.codings;
      fields.coding = header.value;
    } else if (base::equal_ignoring_case(header.name, "connection")) {
      read_connection(header.value, fields);
    } else if (base::equal_ignoring_case(header.name, "expect")) {
      ++fields.expectations;
      fields.expectation = header.value;
    }
  }
  return fields;
}

std::optional<Error> check_host(const Fields& fields, unsigned version) {
  if (fields.hosts > 1) return refuse(Errc::bad_request, "The request has more than one Host.");
  if (fields.hosts == 0) {
    if (version == 10) return std::nullopt;
    return refuse(Errc::bad_request, "The request has no Host.");
  }
  if (!is_valid_authority(fields.host)) return refuse(Errc::bad_request, "Host is not a host name with a port.");
  return std::nullopt;
}

std::optional<Error> check_body(const Fields& fields, unsigned version, Framing& framing) {
  if (fields.codings > 0) {
    if (fields.lengths > 0) {
      return refuse(Errc::bad_request, "Transfer-Encoding and Content-Length exclude each other.");
    }
    if (version == 10) return refuse(Errc::bad_request, "HTTP/1.0 has no Transfer-Encoding.");
    if (fields.codings > 1) return refuse(Errc::bad_request, "The request has more than one Transfer-Encoding.");
    if (!base::equal_ignoring_case(fields.coding, "chunked")) {
      return refuse(Errc::not_implemented, "The only transfer coding known here is chunked.");
    }
    framing.body = BodyFraming::chunked;
    return std::nullopt;
  }
  if (fields.lengths == 0) return std::nullopt;
  if (fields.lengths > 1) return refuse(Errc::bad_request, "The request has more than one Content-Length.");
  const char* const end = fields.length.data() + fields.length.size();
  const auto parsed = std::from_chars(fields.length.data(), end, framing.content_length);
  if (fields.length.empty() || parsed.ec != std::errc{} || parsed.ptr != end) {
    return refuse(Errc::bad_request, "Content-Length is not a number.");
  }
  if (framing.content_length > 0) framing.body = BodyFraming::length;
  return std::nullopt;
}

std::optional<Error> check_expectation(const Fields& fields, unsigned version, Framing& framing) {
  if (fields.expectations == 0 || version == 10) return std::nullopt;  // RFC 9110, 10.1.1: HTTP/1.0 has none
  if (fields.expectations > 1 || !base::equal_ignoring_case(fields.expectation, "100-continue")) {
    return refuse(Errc::bad_request, "The only expectation met here is 100-continue.");
  }
  framing.expects_continue = framing.body != BodyFraming::none;
  return std::nullopt;
}

void split_query(std::string_view target, Framing& framing) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  framing.path = mark == 0 ? std::string_view("/") : target.substr(0, mark);
  framing.query = target.substr(std::min(mark + 1, target.size()));
}

/// http://authority/path?query, whose authority overrides Host (RFC 9112, 3.2.2); nothing when it is not that.
std::optional<std::string_view> strip_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (base::equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
  }
  return std::nullopt;
}

std::optional<Error> check_target(const RequestLine& line, Framing& framing) {
  const auto unsafe = [](char c) { return c == '#' || static_cast<unsigned char>(c) > 0x7E; };
  if (std::any_of(line.target.begin(), line.target.end(), unsafe)) {
    return refuse(Errc::bad_request, "The request target holds a character that must be percent-encoded.");
  }
  if (line.target.starts_with('/')) {
    split_query(line.target, framing);
    return std::nullopt;
  }
  if (line.target == "*" && line.method == Method::options) {
    framing.path = line.target;
    return std::nullopt;
  }
  const std::optional<std::string_view> rest = strip_scheme(line.target);
  if (!rest) return refuse(Errc::bad_request, "The request target is neither a path nor an http URL.");
  const std::size_t end = std::min(rest->find_first_of("/?"), rest->size());
  framing.host = rest->substr(0, end);
  if (!is_valid_authority(framing.host)) return refuse(Errc::bad_request, "The request target names no valid host.");
  split_query(rest->substr(end), framing);
  return std::nullopt;
}

constexpr std::array<bool, 256> kHostNameByte = [] {
  std::array<bool, 256> allowed{};
  for (std::size_t byte = 0; byte < allowed.size(); ++byte) {
    const char c = static_cast<char>(byte);
    allowed[byte] = base::is_letter(c) || base::is_digit(c) || c == '.' || c == '-' || c == '_' || c == '~';
  }
  return allowed;
}();

bool is_valid_port(std::string_view port) {
  constexpr std::size_t kLongest = 5;
  if (port.size() > kLongest || !std::all_of(port.begin(), port.end(), base::is_digit)) return false;
  unsigned number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number <= 65535;
}

}  // namespace

bool is_valid_authority(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const std::string_view inside = authority.substr(1, close - 1);
    const auto allowed = [](char c) { return base::is_hex_digit(c) || c == ':' || c == '.'; };
    if (!std::all_of(inside.begin(), inside.end(), allowed)) return false;
    const std::string_view rest = authority.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1)));
  }
  const std::size_t colon = std::min(authority.find(':'), authority.size());
  const std::string_view name = authority.substr(0, colon);
  const auto allowed = [](char c) { return kHostNameByte[static_cast<unsigned char>(c)]; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) return false;
  return colon == authority.size() || is_valid_port(authority.substr(colon + 1));
}

Result<Framing> check_framing(const RequestLine& line, std::span<const HeaderField> headers) {
  const Fields fields = gather(headers);
  Framing framing;
  framing.keep_alive = !fields.close && (line.version == 11 || fields.keep_alive);
  if (auto error = check_host(fields, line.version)) return *std::move(error);
  framing.host = fields.host;
  if (auto error = check_target(line, framing)) return *std::move(error);
  if (auto error = check_body(fields, line.version, framing)) return *std::move(error);
  if (auto error = check_expectation(fields, line.version, framing)) return *std::move(error);
  return framing;
}

}  // namespace ragd::net
