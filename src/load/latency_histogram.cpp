#include "load/latency_histogram.hpp"

#include <cmath>

namespace ragd::load {

namespace {

/// A product like 0.07 * 100 comes out a hair above the whole number it stands for, or below.
constexpr double kRoundingError = 1e-9;

}  // namespace

std::uint64_t LatencyHistogram::upper_bound(std::size_t index) {
  constexpr std::size_t kSteps = 1ULL << kPrecisionBits;
  if (index < 2 * kSteps) return index;
  const auto shift = static_cast<unsigned>((index >> kPrecisionBits) - 1);
  return (((index & (kSteps - 1)) + kSteps + 1) << shift) - 1;
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

LatencyHistogram LatencyHistogram::since(const LatencyHistogram& earlier) const {
  LatencyHistogram rest;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    rest.counts_[i] = counts_[i] - earlier.counts_[i];
    if (rest.counts_[i] == 0) continue;
    rest.min_ = std::min(rest.min_, upper_bound(i));
    rest.max_ = std::min(upper_bound(i), max_);
  }
  rest.count_ = count_ - earlier.count_;
  rest.sum_ = sum_ - earlier.sum_;
  return rest;
}

Nanos LatencyHistogram::quantile(double q) const {
  if (count_ == 0) return Nanos(0);
  const double exact = q * static_cast<double>(count_);
  const auto rank = static_cast<std::uint64_t>(std::max(1.0, std::ceil(exact - kRoundingError * exact)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return Nanos(static_cast<std::int64_t>(std::min(upper_bound(i), max_)));
  }
  return max();
}

std::optional<Nanos> LatencyHistogram::sampled_quantile(double q) const {
  constexpr double kLeastAbove = 10;
  const double above = (1 - q) * static_cast<double>(count_);
  return above >= kLeastAbove * (1 - kRoundingError) ? std::optional(quantile(q)) : std::nullopt;
}

}  // namespace ragd::load
