// 128 unsigned integers in as many bits each as the widest of them needs.
//
// They lie in rows of 16 bytes, one Word for each lane; value i belongs to lane i modulo the number of lanes, and a
// lane's values follow one another in its words, bit after bit. What is done to a row is done to all lanes alike, which
// compilers turn into vector instructions. Stateless, thread-safe; trusts its arguments. Little-endian machines only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace ragd::retrieval {

inline constexpr std::size_t kPackedValues = 128;
inline constexpr std::size_t kRowBytes = 16;

[[nodiscard]] constexpr std::size_t packed_bytes(unsigned width) {
  return kRowBytes * width;
}

template <class Word>
inline constexpr unsigned kWordBits = std::numeric_limits<Word>::digits;
template <class Word>
inline constexpr std::size_t kLanes = kRowBytes / sizeof(Word);

/// Values must be less than 2^width. Writes packed_bytes(width).
template <class Word>
void pack(const std::array<Word, kPackedValues>& values, unsigned width, unsigned char* out) {
  constexpr std::size_t kRows = kPackedValues / kLanes<Word>;
  std::array<Word, kPackedValues> words{};
  for (std::size_t row = 0; row < kRows && width > 0; ++row) {
    const std::size_t bit = row * width;
    const unsigned shift = bit % kWordBits<Word>;
    const Word* from = values.data() + row * kLanes<Word>;
    Word* to = words.data() + bit / kWordBits<Word> * kLanes<Word>;
    for (std::size_t lane = 0; lane < kLanes<Word>; ++lane) {
      to[lane] = static_cast<Word>(to[lane] | static_cast<Word>(from[lane] << shift));
    }
    if (shift + width <= kWordBits<Word>) continue;
    for (std::size_t lane = 0; lane < kLanes<Word>; ++lane) {
      to[kLanes<Word> + lane] = static_cast<Word>(from[lane] >> (kWordBits<Word> - shift));
    }
  }
  std::memcpy(out, words.data(), packed_bytes(width));
}

namespace packed {

template <class Word, unsigned kWidth, std::size_t kRow>
inline void unpack_row(const Word* words, Word* out) {
  constexpr std::size_t kBit = kRow * kWidth;
  constexpr unsigned kShift = kBit % kWordBits<Word>;
  constexpr Word kMask = std::numeric_limits<Word>::max() >> (kWordBits<Word> - kWidth);
  const Word* from = words + kBit / kWordBits<Word> * kLanes<Word>;
  for (std::size_t lane = 0; lane < kLanes<Word>; ++lane) {
    auto value = static_cast<Word>(from[lane] >> kShift);
    if constexpr (kShift + kWidth > kWordBits<Word>) {
      value = static_cast<Word>(value | static_cast<Word>(from[kLanes<Word> + lane] << (kWordBits<Word> - kShift)));
    }
    out[kRow * kLanes<Word> + lane] = static_cast<Word>((value & kMask) + 1);
  }
}

template <class Word, unsigned kWidth>
void unpack(const unsigned char* in, Word* out) {
  if constexpr (kWidth == 0) {
    for (std::size_t i = 0; i < kPackedValues; ++i) out[i] = 1;
  } else {
    alignas(kRowBytes) std::array<Word, kWidth * kLanes<Word>> words;
    std::memcpy(words.data(), in, packed_bytes(kWidth));
    [&]<std::size_t... kRow>(std::index_sequence<kRow...>) {
      (unpack_row<Word, kWidth, kRow>(words.data(), out), ...);
    }
    (std::make_index_sequence<kPackedValues / kLanes<Word>>());
  }
}

template <class Word, unsigned... kWidth>
constexpr auto unpackers(std::integer_sequence<unsigned, kWidth...>) {
  return std::array{&unpack<Word, kWidth>...};
}

}  // namespace packed

/// Each value plus one (the greatest becomes zero). Width is at most that of a Word.
template <class Word>
void unpack_plus_one(const unsigned char* in, unsigned width, std::array<Word, kPackedValues>& out) {
  static constexpr auto kUnpackers =
      packed::unpackers<Word>(std::make_integer_sequence<unsigned, kWordBits<Word> + 1>());
  kUnpackers[width](in, out.data());
}

}  // namespace ragd::retrieval
