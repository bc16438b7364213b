#include "base/unicode.hpp"

#include "base/byte_scan.hpp"
#include "base/code_points.hpp"

#include <simdjson.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

namespace ragd::base {

namespace {

bool is_graphic_ascii(char c) {
  return c > ' ' && static_cast<unsigned char>(c) < 0x7F;
}

struct Free {
  void operator()(utf8proc_uint8_t* memory) const { std::free(memory); }
};

std::string map(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, Free> owned(mapped);
  if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (length < 0) throw std::invalid_argument(utf8proc_errmsg(length));
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

/// ASCII with single spaces already, as most questions are.
bool is_collapsed_ascii(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ' ' && text[i - 1] == ' ') return false;
  }
  return has_only_ascii(text) && find_control(text, 0) == text.size();
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text);
}

bool is_ascii(std::string_view text) {
  return has_only_ascii(text);
}

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::string nfkc_casefold(std::string_view text) {
  if (is_ascii(text)) {
    std::string folded(text);
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return folded;
  }
  return map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

void collapse_whitespace(std::string_view text, std::string& collapsed) {
  if (is_collapsed_ascii(text)) {
    collapsed = text;
    return;
  }
  collapsed.clear();
  bool pending = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t plain = at;
    while (plain < text.size() && is_graphic_ascii(text[plain])) ++plain;
    if (plain > at) {
      if (pending) collapsed += ' ';
      pending = false;
      collapsed.append(text, at, plain - at);
      at = plain;
      continue;
    }
    const CodePoint c = code_point_at(text, at);
    if (is_white_space(c.value)) {
      pending = !collapsed.empty();
    } else {
      if (pending) collapsed += ' ';
      pending = false;
      collapsed.append(text, at, c.length);
    }
    at += c.length;
  }
}

std::string collapse_whitespace(std::string_view text) {
  std::string collapsed;
  collapsed.reserve(text.size());
  collapse_whitespace(text, collapsed);
  return collapsed;
}

namespace {

/// Overrides and isolates that make text look like another text (Unicode's bidirectional controls).
bool is_bidi_control(char32_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

bool is_printable(std::string_view text) {
  if (!is_valid_utf8(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (is_bidi_control(static_cast<char32_t>(c.value))) return false;
    switch (category_of(c.value)) {
      case UTF8PROC_CATEGORY_CC:
      case UTF8PROC_CATEGORY_CN:
      case UTF8PROC_CATEGORY_CS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
        return false;
      default:
        at += c.length;
    }
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace ragd::base
