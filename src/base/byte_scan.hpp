// Finding the first byte that is not plain text, eight bytes at a time. Stateless, thread-safe.
//
// The arithmetic is the classic one for "has this word a byte that ...": a borrow out of a byte sets its top bit. It
// may also set the bit of a byte above the first hit, never below it, so the lowest set bit is right (little endian).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ragd::base {

namespace detail {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
inline constexpr std::uint64_t kTops = 0x8080808080808080ULL;

[[nodiscard]] constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint8_t limit) {
  return (word - kOnes * limit) & ~word & kTops;
}

[[nodiscard]] constexpr std::uint64_t bytes_equal(std::uint64_t word, std::uint8_t value) {
  return bytes_below(word ^ (kOnes * value), 1);
}

/// `mark` sets the top bit of the bytes looked for in a word; `is` says it of one byte.
template <class Mark, class Is>
std::size_t find_marked(std::string_view text, std::size_t from, Mark mark, Is is) {
  for (; from + sizeof(std::uint64_t) <= text.size(); from += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + from, sizeof word);
    const std::uint64_t marked = mark(word);
    if (marked != 0) return from + static_cast<std::size_t>(std::countr_zero(marked)) / 8;
  }
  while (from < text.size() && !is(static_cast<unsigned char>(text[from]))) ++from;
  return from;
}

}  // namespace detail

/// The first byte from `from` on that is below 0x20 or is 0x7F; the size when there is none.
[[nodiscard]] inline std::size_t find_control(std::string_view text, std::size_t from) {
  return detail::find_marked(
      text, from, [](std::uint64_t word) { return detail::bytes_below(word, 0x20) | detail::bytes_equal(word, 0x7F); },
      [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; });
}

/// The same, or a quote or a backslash: what JSON strings escape.
[[nodiscard]] inline std::size_t find_json_escape(std::string_view text, std::size_t from) {
  return detail::find_marked(
      text, from,
      [](std::uint64_t word) {
        return detail::bytes_below(word, 0x20) | detail::bytes_equal(word, 0x7F) | detail::bytes_equal(word, '"') |
               detail::bytes_equal(word, '\\');
      },
      [](unsigned char byte) { return byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\'; });
}

/// Whether all bytes are below 0x80.
[[nodiscard]] inline bool has_only_ascii(std::string_view text) {
  return detail::find_marked(
             text, 0, [](std::uint64_t word) { return word & detail::kTops; },
             [](unsigned char byte) { return byte >= 0x80; }) == text.size();
}

}  // namespace ragd::base
