#include "base/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace ragd::base {

namespace {

constexpr std::size_t kMaxDepth = 64;

/// Objects with a key twice mean different things to different parsers: find the first such key.
bool has_duplicate_key(const simdjson::dom::element& element) {
  if (element.is_object()) {
    std::set<std::string_view> seen;
    for (const auto field : simdjson::dom::object(element)) {
      if (!seen.insert(field.key).second || has_duplicate_key(field.value)) return true;
    }
  } else if (element.is_array()) {
    for (const auto item : simdjson::dom::array(element)) {
      if (has_duplicate_key(item)) return true;
    }
  }
  return false;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4U];
        out += kHex[c & 15U];
    }
  }
  out.append(text, copied, text.size() - copied);
  out += '"';
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
  append_json_string(out_, name);
  out_ += ':';
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

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  JsonDocument document;
  if (document.parser_->allocate(text.size(), kMaxDepth) != simdjson::SUCCESS) {
    return fail(Errc::internal, "no memory to parse JSON");
  }
  const auto error = document.parser_->parse(text.data(), text.size()).get(document.root_);
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
