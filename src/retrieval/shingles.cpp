#include "retrieval/shingles.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace ragd::retrieval {

namespace {

constexpr std::uint64_t kPrime = 0x100000001b3ULL;  // FNV-1a's
constexpr std::uint64_t kSeed = 0xcbf29ce484222325ULL;

bool is_word_byte(char c) {
  return base::is_letter(c) || base::is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 32U;
  value *= 0xd6e8feb86659fd93ULL;
  return value ^ (value >> 32U);
}

std::vector<std::uint64_t> word_hashes(std::string_view text) {
  std::vector<std::uint64_t> words;
  std::uint64_t hash = kSeed;
  bool inside = false;
  for (const char c : text) {
    if (is_word_byte(c)) {
      hash = (hash ^ static_cast<unsigned char>(base::to_lower(c))) * kPrime;
      inside = true;
    } else if (inside) {
      words.push_back(mixed(hash));
      hash = kSeed;
      inside = false;
    }
  }
  if (inside) words.push_back(mixed(hash));
  return words;
}

}  // namespace

Shingles::Shingles(std::string_view text, std::size_t width) {
  const std::vector<std::uint64_t> words = word_hashes(text);
  const std::size_t run = std::min(width, words.size());
  for (std::size_t first = 0; run > 0 && first + run <= words.size(); ++first) {
    std::uint64_t hash = kSeed;
    for (std::size_t i = first; i < first + run; ++i) hash = mixed(hash * kPrime + words[i]);
    hashes_.push_back(hash);
  }
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
}

double Shingles::resemblance(const Shingles& other) const {
  std::size_t common = 0;
  auto a = hashes_.begin();
  auto b = other.hashes_.begin();
  while (a != hashes_.end() && b != other.hashes_.end()) {
    if (*a == *b) ++common;
    const bool step_a = *a <= *b;
    const bool step_b = *b <= *a;
    a += step_a ? 1 : 0;
    b += step_b ? 1 : 0;
  }
  const std::size_t all = hashes_.size() + other.hashes_.size() - common;
  return all == 0 ? 1 : static_cast<double>(common) / static_cast<double>(all);
}

}  // namespace ragd::retrieval
