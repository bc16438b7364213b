// A set of small numbers below a fixed limit: documents or chunks of a segment. Plain value; reads are thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ragd::retrieval {

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::size_t size, bool full = false)
      : size_(size), words_((size + 63) / 64, full ? ~std::uint64_t{0} : 0) {
    if (full && size % 64 != 0) words_.back() >>= 64 - size % 64;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool test(std::size_t at) const { return (words_[at / 64] >> (at % 64) & 1U) != 0; }
  void set(std::size_t at) { words_[at / 64] |= std::uint64_t{1} << (at % 64); }
  void reset(std::size_t at) { words_[at / 64] &= ~(std::uint64_t{1} << (at % 64)); }
  void set(std::size_t first, std::size_t last);
  void reset(std::size_t first, std::size_t last);

  /// Both have the same size.
  Bitmap& operator&=(const Bitmap& other);

  /// The first member not less than `from`; size() when there is none.
  [[nodiscard]] std::size_t next(std::size_t from) const;
  [[nodiscard]] std::size_t count() const;
  /// Of heap memory.
  [[nodiscard]] std::size_t bytes() const { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace ragd::retrieval
