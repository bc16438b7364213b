#include "base/json.hpp"

#include "base/byte_scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace ragd::base {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kLeastBytes = 2ULL << 10;  // of a parser's memory: requests of all sizes find room in it
constexpr std::size_t kKeptBytes = 32ULL << 10;  // what a thread keeps for the next document

/// Objects with a key twice mean different things to different parsers: find the first such key.
bool has_duplicate_key(const simdjson::dom::element& element) {
  if (element.is_object()) {
    // Most objects have a few keys; the set is for those that a client made large.
    std::array<std::string_view, 16> few;
    std::size_t count = 0;
    std::set<std::string_view> more;
    for (const auto field : simdjson::dom::object(element)) {
      const auto end = few.begin() + static_cast<std::ptrdiff_t>(std::min(count, few.size()));
      if (std::find(few.begin(), end, field.key) != end) return true;
      if (count < few.size()) {
        few[count] = field.key;
      } else if (!more.insert(field.key).second) {
        return true;
      }
      ++count;
      if (has_duplicate_key(field.value)) return true;
    }
  } else if (element.is_array()) {
    for (const auto item : simdjson::dom::array(element)) {
      if (has_duplicate_key(item)) return true;
    }
  }
  return false;
}

}  // namespace

void write_json_string(TextOut& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out << "\"";
  std::size_t copied = 0;
  for (;;) {
    const std::size_t special = find_json_escape(text, copied);
    out << text.substr(copied, special - copied);
    if (special == text.size()) break;
    copied = special + 1;
    const auto c = static_cast<unsigned char>(text[special]);
    switch (c) {
      case '"':
        out << "\\\"";
        break;
      case '\\':
        out << "\\\\";
        break;
      case '\n':
        out << "\\n";
        break;
      case '\r':
        out << "\\r";
        break;
      case '\t':
        out << "\\t";
        break;
      default:
        out << "\\u00" << kHex.substr(c >> 4U, 1) << kHex.substr(c & 15U, 1);
    }
  }
  out << "\"";
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::size_t kQuotes = 2;
  TextOut text_out(out, text.size() + kQuotes);
  write_json_string(text_out, text);
}

void JsonWriter::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  out_ += '"';
  out_.append(name).append("\":");
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return raw({buffer.data(), end});
}

JsonWriter& JsonWriter::thousandths(double value) {
  constexpr double kPerUnit = 1e3;
  return number(std::round(value * kPerUnit) / kPerUnit);
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

/// A parser, and the text in memory that it may read behind.
struct JsonDocument::Memory {
  simdjson::dom::parser parser;
  std::string padded;
};

void JsonDocument::GiveBack::operator()(Memory* memory) const {
  std::unique_ptr<Memory> owned(memory);
  if (owned->padded.capacity() <= kKeptBytes) spare().swap(owned);
}

std::unique_ptr<JsonDocument::Memory>& JsonDocument::spare() {
  static thread_local std::unique_ptr<Memory> spare;
  return spare;
}

JsonDocument::JsonDocument() : memory_(spare().release()) {
  if (!memory_) memory_.reset(new Memory);
}

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  JsonDocument document;
  auto& [parser, padded] = *document.memory_;
  padded.reserve(std::max(text.size() + simdjson::SIMDJSON_PADDING, kLeastBytes));
  padded.assign(text);
  if (parser.capacity() < text.size() &&
      parser.allocate(std::max(text.size(), kLeastBytes), kMaxDepth) != simdjson::SUCCESS) {
    return fail(Errc::internal, "no memory to parse JSON");
  }
  const auto error = parser.parse(padded.data(), padded.size(), false).get(document.root_);
  if (error != simdjson::SUCCESS) {
    return fail(Errc::bad_request, simdjson::error_message(error), "the body is not valid JSON");
  }
  if (has_duplicate_key(document.root_)) {
    return fail(Errc::bad_request, "duplicate key", "the body has an object with the same key twice");
  }
  return document;
}

std::string to_json(const simdjson::dom::element& element) {
  return simdjson::minify(element);
}

}  // namespace ragd::base
