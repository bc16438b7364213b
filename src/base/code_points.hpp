// Walking UTF-8 one code point at a time, and the few classes of code points that words and sentences are cut by.
// Stateless and thread-safe. Never fails: a byte that is not UTF-8 counts as one U+FFFD.
#pragma once

#include <utf8proc.h>

#include <cstddef>
#include <string_view>

namespace ragd::base {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  ///< bytes; 0 at the end of the text
};

/// The code point that begins at byte `at`.
[[nodiscard]] inline CodePoint code_point_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t value = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &value);
  if (length <= 0) return {U'\uFFFD', 1};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(length)};
}

/// The code point that ends just before byte `end`.
[[nodiscard]] inline CodePoint code_point_before(std::string_view text, std::size_t end) {
  if (end == 0) return {};
  std::size_t begin = end - 1;
  while (begin > 0 && end - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
  const CodePoint found = code_point_at(text.substr(0, end), begin);
  return begin + found.length == end ? found : CodePoint{U'\uFFFD', 1};
}

[[nodiscard]] inline utf8proc_category_t category_of(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

/// The Unicode property White_Space.
[[nodiscard]] constexpr bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

[[nodiscard]] constexpr bool is_ascii_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}

[[nodiscard]] constexpr bool is_ascii_letter(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

[[nodiscard]] inline bool is_letter(char32_t c) {
  if (c < 0x80) return is_ascii_letter(c);
  const auto category = category_of(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

[[nodiscard]] inline bool is_upper(char32_t c) {
  if (c < 0x80) return c >= U'A' && c <= U'Z';
  const auto category = category_of(c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

[[nodiscard]] inline bool is_lower(char32_t c) {
  if (c < 0x80) return c >= U'a' && c <= U'z';
  return category_of(c) == UTF8PROC_CATEGORY_LL;
}

}  // namespace ragd::base
