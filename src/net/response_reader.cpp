#include "net/response_reader.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <charconv>

namespace ragd::net {

namespace {

constexpr std::size_t kMaxChunkLine = 1024;
constexpr std::size_t kMaxTrailerBytes = 4ULL << 10;

constexpr unsigned kFirstFinalStatus = 200;
constexpr unsigned kSwitchingProtocols = 101;
constexpr unsigned kNoContent = 204;
constexpr unsigned kNotModified = 304;

Error malformed(std::string_view what) {
  return fail(Errc::unavailable, std::string("sent a malformed answer: ").append(what));
}

Error too_large() {
  return fail(Errc::unavailable, "sent a larger answer than allowed");
}

/// Is the option one of the comma-separated list?
bool lists(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (base::equal_ignoring_case(base::trim_blanks(list.substr(0, comma)), option)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// All of `text` as a number; nothing when it is not one, or too large for 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

/// What the head's fields say of the body and the connection.
struct FramingFields {
  std::size_t lengths = 0;
  std::string_view length;
  std::size_t codings = 0;
  std::string_view coding;
  bool close = false;
  bool keep_alive = false;
};

FramingFields gather(const HeaderList& headers) {
  FramingFields fields;
  for (const auto& [name, value] : headers) {
    if (base::equal_ignoring_case(name, "content-length")) {
      ++fields.lengths;
      fields.length = value;
    } else if (base::equal_ignoring_case(name, "transfer-encoding")) {
      ++fields.codings;
      fields.coding = value;
    } else if (base::equal_ignoring_case(name, "connection")) {
      fields.close = fields.close || lists(value, "close");
      fields.keep_alive = fields.keep_alive || lists(value, "keep-alive");
    }
  }
  return fields;
}

}  // namespace

std::optional<std::string_view> find_header(const HeaderList& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& field) { return base::equal_ignoring_case(field.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

Result<std::string_view> ResponseReader::take(std::string_view& bytes) {
  while (!bytes.empty() && !is_done()) {
    begun_ = true;
    if (in_body_data()) return take_data(bytes);
    const bool had_head = has_head();
    const Result<bool> whole = read_line(bytes);
    if (whole.has_error()) return whole.error();
    if (!*whole) break;
    if (auto error = end_line()) return *std::move(error);
    if (has_head() != had_head) break;
  }
  return std::string_view{};
}

std::optional<Error> ResponseReader::end() {
  if (state_ == State::until_close) state_ = State::done;
  if (is_done()) return std::nullopt;
  return fail(Errc::unavailable, "closed the connection without a whole answer");
}

bool ResponseReader::in_body_data() const {
  return state_ == State::length || state_ == State::until_close || state_ == State::chunk_data;
}

Result<std::string_view> ResponseReader::take_data(std::string_view& bytes) {
  std::size_t count = bytes.size();
  if (state_ != State::until_close) count = static_cast<std::size_t>(std::min<std::uint64_t>(count, left_));
  if (count > limits_.body_bytes - body_bytes_) return too_large();
  const std::string_view piece = bytes.substr(0, count);
  bytes.remove_prefix(count);
  body_bytes_ += count;
  if (state_ == State::until_close) return piece;
  left_ -= count;
  if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
  return piece;
}

/// Moves bytes into line_ until it is a whole line, which then is there without its CRLF.
Result<bool> ResponseReader::read_line(std::string_view& bytes) {
  if (line_is_whole_) line_.clear();
  line_is_whole_ = false;
  const std::size_t line_end = bytes.find('\n');
  const std::size_t count = std::min(line_end, bytes.size());
  if (auto error = check_room(line_.size() + count)) return *std::move(error);
  line_.append(bytes.substr(0, count));
  bytes.remove_prefix(std::min(count + 1, bytes.size()));
  if (line_end == std::string_view::npos) return false;
  if (!line_.ends_with('\r')) return malformed("a line ends with LF alone");
  line_.pop_back();
  if (std::any_of(line_.begin(), line_.end(), base::is_control)) return malformed("a line holds a control character");
  line_is_whole_ = true;
  return true;
}

/// May the line in hand be this long?
std::optional<Error> ResponseReader::check_room(std::size_t line_bytes) const {
  switch (state_) {
    case State::status_line:
    case State::fields:
      if (head_bytes_ + line_bytes > limits_.head_bytes) {
        return fail(Errc::unavailable, "sent a larger head than allowed");
      }
      return std::nullopt;
    case State::trailers:
      if (trailer_bytes_ + line_bytes > kMaxTrailerBytes) return malformed("its trailers are too large");
      return std::nullopt;
    default:
      if (line_bytes > kMaxChunkLine) return malformed("a chunk's size line is too long");
      return std::nullopt;
  }
}

std::optional<Error> ResponseReader::end_line() {
  constexpr std::size_t kLineEnd = 2;
  switch (state_) {
    case State::status_line:
      head_bytes_ += line_.size() + kLineEnd;
      return end_status_line();
    case State::fields:
      head_bytes_ += line_.size() + kLineEnd;
      return line_.empty() ? end_head() : end_field();
    case State::chunk_size:
      return end_chunk_size();
    case State::chunk_end:
      if (!line_.empty()) return malformed("a chunk is longer than its size");
      state_ = State::chunk_size;
      return std::nullopt;
    case State::trailers:
      trailer_bytes_ += line_.size() + kLineEnd;
      if (line_.empty()) state_ = State::done;
      return std::nullopt;
    default:
      return fail(Errc::internal, "has no line to end here");
  }
}

/// "HTTP/1.1 200 OK", where servers forget the reason and the space before it.
std::optional<Error> ResponseReader::end_status_line() {
  constexpr std::string_view kForm = "HTTP/1.1 200";
  const std::string_view line = line_;
  const std::string_view version = line.substr(0, kForm.find(' '));
  if (line.size() < kForm.size() || (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    return malformed("it does not begin with HTTP/1.1 or HTTP/1.0");
  }
  const auto status = parse_number(line.substr(version.size() + 1, 3), 10);
  const bool ends = line.size() == kForm.size() || line[kForm.size()] == ' ';
  if (line[version.size()] != ' ' || !status || *status < 100 || !ends) return malformed("it has no status");
  http_1_0_ = version == "HTTP/1.0";
  head_.status = static_cast<unsigned>(*status);
  state_ = State::fields;
  return std::nullopt;
}

std::optional<Error> ResponseReader::end_field() {
  const std::string_view line = line_;
  const std::size_t colon = line.find(':');
  // A folded line begins with a blank, which is no token either.
  if (colon == std::string_view::npos || !base::is_token(line.substr(0, colon))) {
    return malformed("a header field has no name");
  }
  if (head_.headers.size() == limits_.fields) return malformed("it has more header fields than allowed");
  head_.headers.emplace_back(line.substr(0, colon), base::trim_blanks(line.substr(colon + 1)));
  return std::nullopt;
}

std::optional<Error> ResponseReader::end_head() {
  if (head_.status == kSwitchingProtocols) return malformed("it switches to a protocol nobody asked for");
  if (head_.status < kFirstFinalStatus) {
    head_ = {};
    state_ = State::status_line;
    return std::nullopt;
  }
  return choose_framing();
}

std::optional<Error> ResponseReader::choose_framing() {
  const FramingFields fields = gather(head_.headers);
  keep_alive_ = !fields.close && (!http_1_0_ || fields.keep_alive);
  if (fields.codings > 0) {
    if (fields.codings > 1 || fields.lengths > 0 || http_1_0_) return malformed("its fields disagree on its length");
    if (!base::equal_ignoring_case(fields.coding, "chunked")) {
      return malformed("it has a transfer coding other than chunked");
    }
  }
  if (fields.lengths > 0) {
    content_length_ = parse_number(fields.length, 10);
    if (fields.lengths > 1 || !content_length_) return malformed("its Content-Length is not one number");
  }
  if (to_head_ || head_.status == kNoContent || head_.status == kNotModified) {
    content_length_ = 0;
    state_ = State::done;
  } else if (fields.codings > 0) {
    state_ = State::chunk_size;
  } else if (content_length_) {
    if (*content_length_ > limits_.body_bytes) return too_large();
    left_ = *content_length_;
    state_ = left_ == 0 ? State::done : State::length;
  } else {
    keep_alive_ = false;
    state_ = State::until_close;
  }
  return std::nullopt;
}

std::optional<Error> ResponseReader::end_chunk_size() {
  const std::string_view line = line_;
  const std::string_view digits = base::trim_blanks(line.substr(0, line.find(';')));
  const auto size = parse_number(digits, 16);
  if (!size || !line.starts_with(digits)) return malformed("a chunk has no size");
  if (*size > limits_.body_bytes - body_bytes_) return too_large();
  left_ = *size;
  state_ = left_ == 0 ? State::trailers : State::chunk_data;
  return std::nullopt;
}

}  // namespace ragd::net
