#include "cli/ndjson.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>

namespace ragd::cli {

namespace {

constexpr std::size_t kReadBytes = 256UL << 10U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// "the body is not valid JSON" is said of requests; here it is the line.
std::string why_not_json(const Error& error) {
  constexpr std::string_view kBody = "the body ";
  return error.hint.starts_with(kBody) ? error.hint.substr(kBody.size()) : error.detail;
}

}  // namespace

bool LineReader::next() {
  while (read_line()) {
    ++number_;
    if (number_ == 1 && line_.starts_with(kByteOrderMark)) line_.erase(0, kByteOrderMark.size());
    if (too_long_ || !base::trim(line_).empty()) return true;
  }
  return false;
}

bool LineReader::read_line() {
  line_.clear();
  too_long_ = false;
  bool any = false;
  while (at_ < buffer_.size() || fill()) {
    any = true;
    const std::size_t end = std::min(buffer_.find('\n', at_), buffer_.size());
    const std::size_t room = max_line_bytes_ - line_.size();
    too_long_ = too_long_ || end - at_ > room;
    line_.append(buffer_, at_, std::min(end - at_, room));
    at_ = end + 1;
    if (end < buffer_.size()) return true;
  }
  return any && !broken();
}

bool LineReader::fill() {
  buffer_.resize(kReadBytes);
  in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(in_.gcount()));
  at_ = 0;
  return !buffer_.empty();
}

Result<void> check_document_line(std::string_view line) {
  const auto document = base::JsonDocument::parse(line);
  if (!document) return fail(Errc::bad_request, why_not_json(document.error()));
  if (!document->root().is_object()) return fail(Errc::unprocessable, "is not a JSON object");
  for (const char* name : {"id", "text"}) {
    std::string_view text;
    if (document->root()[name].get(text) != simdjson::SUCCESS) {
      return fail(Errc::unprocessable, "has no string '" + std::string(name) + "'");
    }
  }
  return {};
}

std::string document_line(const simdjson::dom::element& document) {
  constexpr std::array<std::string_view, 5> kFields{"id", "title", "source", "metadata", "text"};
  std::string out;
  base::JsonWriter json(out);
  json.begin_object();
  for (const std::string_view name : kFields) {
    simdjson::dom::element value;
    if (document[name].get(value) != simdjson::SUCCESS) return {};
    json.key(name).raw(base::to_json(value));
  }
  json.end_object();
  return out += '\n';
}

}  // namespace ragd::cli
