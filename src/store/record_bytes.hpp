// The bytes records are made of: LEB128 varints, strings behind their length, 64 bits in little-endian order.
//
// Stateless, thread-safe. What reads takes from the front of `bytes` and shortens it; false means that it does not hold
// one, and nothing is ever read or allocated beyond what is there.
#pragma once

#include "base/varint.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::store {

using base::get_varint;
using base::put_varint;

inline void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

/// The text stays where it is.
[[nodiscard]] inline bool get_string(std::string_view& bytes, std::string_view& text) {
  std::uint64_t size = 0;
  if (!get_varint(bytes, size) || size > bytes.size()) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

[[nodiscard]] inline bool get_string(std::string_view& bytes, std::string& text) {
  std::string_view there;
  if (!get_string(bytes, there)) return false;
  text = there;
  return true;
}

inline void put_fixed64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
}

/// Eight bytes are there.
[[nodiscard]] inline std::uint64_t fixed64_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return value;
}

}  // namespace ragd::store
