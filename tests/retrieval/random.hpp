// Numbers from a fixed seed, for property tests: the same in every run. Belongs to one test.
#pragma once

#include <cstdint>
#include <random>

namespace ragd::retrieval {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  /// 0 to limit - 1.
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
  double between(double from, double to) { return std::uniform_real_distribution<double>(from, to)(engine_); }
  /// A number of at most as many bits, those of every magnitude equally likely.
  std::uint32_t any_magnitude(std::uint32_t bits) {
    return static_cast<std::uint32_t>(engine_() & ((std::uint64_t{1} << below(bits + 1)) - 1));
  }

 private:
  std::mt19937 engine_;
};

}  // namespace ragd::retrieval
