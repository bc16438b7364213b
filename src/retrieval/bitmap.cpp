#include "retrieval/bitmap.hpp"

#include <numeric>

namespace ragd::retrieval {

namespace {

/// Calls change(word, mask) for every word of [first, last), with the bits of it that lie inside.
template <class Change>
void each_word(std::size_t first, std::size_t last, Change change) {
  while (first < last) {
    const std::size_t end = std::min(last, (first / 64 + 1) * 64);
    change(first / 64, (~std::uint64_t{0} >> (64 - (end - first))) << (first % 64));
    first = end;
  }
}

}  // namespace

void Bitmap::set(std::size_t first, std::size_t last) {
  each_word(first, last, [this](std::size_t word, std::uint64_t mask) { words_[word] |= mask; });
}

void Bitmap::reset(std::size_t first, std::size_t last) {
  each_word(first, last, [this](std::size_t word, std::uint64_t mask) { words_[word] &= ~mask; });
}

Bitmap& Bitmap::operator&=(const Bitmap& other) {
  for (std::size_t word = 0; word < words_.size(); ++word) words_[word] &= other.words_[word];
  return *this;
}

std::size_t Bitmap::next(std::size_t from) const {
  if (from >= size_) return size_;
  std::size_t word = from / 64;
  std::uint64_t rest = words_[word] >> (from % 64) << (from % 64);
  while (rest == 0) {
    if (++word == words_.size()) return size_;
    rest = words_[word];
  }
  return word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
}

std::size_t Bitmap::count() const {
  return std::accumulate(words_.begin(), words_.end(), std::size_t{0}, [](std::size_t sum, std::uint64_t word) {
    return sum + static_cast<std::size_t>(std::popcount(word));
  });
}

}  // namespace ragd::retrieval
