// When requests are due at a constant rate: the i-th at start + i / rate, computed from i so that no error adds up.
// Of several threads each has every n-th arrival.
//
// A value; any thread may read it.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

namespace ragd::load {

using TimePoint = std::chrono::steady_clock::time_point;

class Arrivals {
 public:
  /// `rate` is of all threads together, in requests a second.
  Arrivals(TimePoint start, double rate, unsigned thread = 0, unsigned threads = 1)
      : start_(start), gap_ns_(1e9 / rate), first_(thread), stride_(threads) {}

  /// The time of this thread's i-th arrival.
  [[nodiscard]] TimePoint at(std::uint64_t i) const {
    const double ordinal = static_cast<double>(first_ + i * stride_);
    return start_ + std::chrono::nanoseconds(std::llround(ordinal * gap_ns_));
  }

  /// How many of this thread's arrivals are due before `end`.
  [[nodiscard]] std::uint64_t count_before(TimePoint end) const {
    const auto span = static_cast<double>(std::chrono::nanoseconds(end - start_).count());
    const double guess = std::ceil((span / gap_ns_ - first_) / stride_);
    auto count = guess > 0 ? static_cast<std::uint64_t>(guess) : 0;
    while (count > 0 && at(count - 1) >= end) --count;
    while (at(count) < end) ++count;
    return count;
  }

 private:
  TimePoint start_;
  double gap_ns_;
  unsigned first_;
  unsigned stride_;
};

}  // namespace ragd::load
