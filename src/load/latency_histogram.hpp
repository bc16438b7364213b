// Latencies in log-linear buckets, as HdrHistogram has them: exact below 256 ns, above that 128 buckets to a power of
// two, so a quantile is at most 1/128 (0.8 %) above the true one, never below it. Minimum, maximum and mean are exact.
//
// Fixed memory (36 KiB), no allocation after construction. For one thread; histograms of several are merged. Beyond
// 73 minutes all latencies share the last bucket.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ragd::load {

using Nanos = std::chrono::nanoseconds;

class LatencyHistogram {
 public:
  LatencyHistogram() : counts_(kBuckets) {}

  /// Latencies below zero count as zero.
  void record(Nanos latency) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
    ++counts_[index_of(std::min(value, kLargest))];
    ++count_;
    sum_ += static_cast<double>(value);
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  void merge(const LatencyHistogram& other);

  /// What was recorded after `earlier` was copied from this histogram; minimum and maximum are then bounds of buckets.
  [[nodiscard]] LatencyHistogram since(const LatencyHistogram& earlier) const;

  [[nodiscard]] std::uint64_t count() const { return count_; }
  // All of these are zero when nothing was recorded.
  [[nodiscard]] Nanos min() const { return Nanos(count_ == 0 ? 0 : static_cast<std::int64_t>(min_)); }
  [[nodiscard]] Nanos max() const { return Nanos(static_cast<std::int64_t>(max_)); }
  [[nodiscard]] double mean_ns() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  /// The least value that at least the fraction `q` (0 to 1) of all latencies does not exceed.
  [[nodiscard]] Nanos quantile(double q) const;
  /// The same for whoever reports it: nothing where fewer than ten latencies lie above it, of 10 / (1 - q) in all. The
  /// p99 of fifty is their maximum under another name.
  [[nodiscard]] std::optional<Nanos> sampled_quantile(double q) const;

  /// Calls visit(upper bound, count) for each bucket that is not empty, in ascending order.
  template <class Visit>
  void each_bucket(Visit visit) const {
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (counts_[i] != 0) visit(Nanos(static_cast<std::int64_t>(upper_bound(i))), counts_[i]);
    }
  }

 private:
  static constexpr unsigned kPrecisionBits = 7;
  static constexpr unsigned kValueBits = 42;
  static constexpr std::uint64_t kLargest = (1ULL << kValueBits) - 1;
  static constexpr std::size_t kBuckets = (kValueBits - kPrecisionBits + 1ULL) << kPrecisionBits;

  static std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > kPrecisionBits + 1 ? width - kPrecisionBits - 1 : 0;
    return (static_cast<std::size_t>(shift) << kPrecisionBits) + (value >> shift);
  }
  static std::uint64_t upper_bound(std::size_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace ragd::load
