// The order of terms, most of it in one number. Stateless, thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ragd::retrieval {

/// A term's first eight bytes, zeros for those it lacks, as a number: where these differ, terms are ordered as they
/// are. Terms of at most eight bytes that share one differ in length alone.
using OrderKey = std::uint64_t;

/// Of the last `size` of the eight bytes at `at`, 0 to 8.
[[nodiscard]] inline OrderKey order_key_at_end(const char* at, std::size_t size) {
  OrderKey bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  // The last byte is the most significant. In two steps, because none of the bytes would be a shift by all 64 bits.
  const std::size_t others = 8 * (sizeof bytes - size);
  return __builtin_bswap64(bytes >> (others / 2) >> (others - others / 2));
}

[[nodiscard]] inline OrderKey order_key(std::string_view term) {
  OrderKey bytes = 0;
  std::memcpy(&bytes, term.data(), term.size() < sizeof bytes ? term.size() : sizeof bytes);
  return __builtin_bswap64(bytes);
}

}  // namespace ragd::retrieval
