#include "load/response_scanner.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <charconv>

namespace ragd::load {

namespace {

constexpr std::size_t kMaxHeadBytes = 32UL << 10U;
constexpr std::size_t kMaxChunkLineBytes = 4UL << 10U;
constexpr unsigned kMaxInterim = 8;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool parse_number(std::string_view text, int radix, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

CacheUse parse_cache_status(std::string_view value) {
  const std::size_t comma = value.rfind(',');
  if (comma != std::string_view::npos) value.remove_prefix(comma + 1);
  bool hit = false;
  CacheUse forwarded = CacheUse::unknown;
  std::size_t semicolon = value.find(';');
  while (semicolon != std::string_view::npos) {
    value.remove_prefix(semicolon + 1);
    semicolon = value.find(';');
    const std::string_view parameter = base::trim_blanks(value.substr(0, semicolon));
    if (parameter == "hit") hit = true;
    if (parameter == "collapsed") return CacheUse::coalesced;
    if (hit && parameter == "detail=stale") return CacheUse::stale;
    if (hit && parameter == "detail=revalidated") return CacheUse::revalidated;
    if (parameter.starts_with("fwd=")) forwarded = parameter == "fwd=bypass" ? CacheUse::bypass : CacheUse::miss;
  }
  return hit ? CacheUse::hit : forwarded;
}

void ResponseScanner::begin() {
  stage_ = Stage::head;
  partial_.clear();
  interim_ = 0;
}

ResponseScanner::Verdict ResponseScanner::feed(std::string_view bytes) {
  return stage_ == Stage::head ? feed_head(bytes) : feed_body(bytes);
}

ResponseScanner::Verdict ResponseScanner::feed_head(std::string_view bytes) {
  while (true) {
    std::string_view head = bytes;
    const std::size_t before = partial_.size();
    if (before != 0) {
      partial_.append(bytes.substr(0, kMaxHeadBytes));
      head = partial_;
    }
    // The end may have begun in the piece before.
    const std::size_t end = head.find(kHeadEnd, before < kHeadEnd.size() ? 0 : before - kHeadEnd.size());
    if (end == std::string_view::npos) {
      if (head.size() > kMaxHeadBytes) return Verdict::bad;
      if (before == 0) partial_.assign(bytes);
      return Verdict::more;
    }
    // With the last header's line end, without the empty line.
    if (end > kMaxHeadBytes || !read_head(head.substr(0, end + 2))) return Verdict::bad;
    bytes.remove_prefix(end + kHeadEnd.size() - before);
    partial_.clear();
    if (status_ >= 200) return choose_framing() ? feed_body(bytes) : Verdict::bad;
    if (++interim_ > kMaxInterim) return Verdict::bad;
    if (bytes.empty()) return Verdict::more;
  }
}

bool ResponseScanner::read_head(std::string_view head) {
  // "HTTP/1.1 200 ..."
  constexpr std::size_t kShortest = 12;
  if (head.size() < kShortest || !head.starts_with("HTTP/1.") || head[8] != ' ') return false;
  std::uint64_t status = 0;
  if (!parse_number(head.substr(9, 3), 10, status) || status < 100 || status > 599) return false;
  status_ = static_cast<unsigned>(status);
  keeps_alive_ = head[7] == '1';
  has_length_ = false;
  chunked_ = false;
  cache_ = CacheUse::unknown;
  std::size_t at = head.find("\r\n");
  while (at + 2 < head.size()) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    if (!read_header(head.substr(begin, at - begin))) return false;
  }
  return true;
}

bool ResponseScanner::read_header(std::string_view line) {
  // Only four headers matter, and they begin with one of two letters: the rest costs a comparison.
  const char first = base::to_lower(line.empty() ? '\0' : line.front());
  if (first != 'c' && first != 't') return true;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = base::trim_blanks(line.substr(colon + 1));
  if (base::equal_ignoring_case(name, "content-length")) {
    std::uint64_t length = 0;
    if (!parse_number(value, 10, length) || (has_length_ && length != left_)) return false;
    has_length_ = true;
    left_ = length;
  } else if (base::equal_ignoring_case(name, "transfer-encoding")) {
    if (!base::equal_ignoring_case(value, "chunked")) return false;
    chunked_ = true;
  } else if (base::equal_ignoring_case(name, "connection")) {
    if (base::equal_ignoring_case(value, "close")) keeps_alive_ = false;
    if (base::equal_ignoring_case(value, "keep-alive")) keeps_alive_ = true;
  } else if (base::equal_ignoring_case(name, "cache-status")) {
    cache_ = parse_cache_status(value);
  }
  return true;
}

bool ResponseScanner::choose_framing() {
  if (chunked_ && has_length_) return false;
  if (status_ == 204 || status_ == 304) {
    left_ = 0;
    stage_ = Stage::length;
  } else if (chunked_) {
    stage_ = Stage::chunk_size;
  } else {
    stage_ = has_length_ ? Stage::length : Stage::until_close;
  }
  return true;
}

ResponseScanner::Verdict ResponseScanner::feed_body(std::string_view bytes) {
  if (stage_ == Stage::until_close) return Verdict::more;
  if (stage_ == Stage::done) return Verdict::bad;
  if (stage_ == Stage::length) {
    if (bytes.size() > left_) return Verdict::bad;
    left_ -= bytes.size();
    if (left_ == 0) stage_ = Stage::done;
  } else {
    const std::size_t taken = feed_chunked(bytes);
    if (taken != bytes.size()) return Verdict::bad;
  }
  return stage_ == Stage::done ? Verdict::whole : Verdict::more;
}

/// How many bytes belong to the answer; fewer than there are when it is malformed or ends before them.
std::size_t ResponseScanner::feed_chunked(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && stage_ != Stage::done) {
    if (stage_ == Stage::chunk_data) {
      const std::size_t piece = std::min<std::uint64_t>(left_, bytes.size() - at);
      at += piece;
      left_ -= piece;
      if (left_ == 0) stage_ = Stage::chunk_end;
      continue;
    }
    const std::size_t line_end = bytes.find('\n', at);
    const std::size_t next = line_end == std::string_view::npos ? bytes.size() : line_end + 1;
    if (partial_.size() + (next - at) > kMaxChunkLineBytes) return at;
    partial_.append(bytes.substr(at, next - at));
    if (line_end != std::string_view::npos && !take_chunk_line()) return at;
    at = next;
  }
  return at;
}

bool ResponseScanner::take_chunk_line() {
  if (!partial_.ends_with("\r\n")) return false;
  const std::string_view line = std::string_view(partial_).substr(0, partial_.size() - 2);
  if (stage_ == Stage::chunk_size) {
    if (!parse_number(base::trim_blanks(line.substr(0, line.find(';'))), 16, left_)) return false;
    stage_ = left_ == 0 ? Stage::trailer : Stage::chunk_data;
  } else if (stage_ == Stage::chunk_end) {
    if (!line.empty()) return false;
    stage_ = Stage::chunk_size;
  } else if (line.empty()) {
    stage_ = Stage::done;
  }
  partial_.clear();
  return true;
}

}  // namespace ragd::load
