#include "load/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace ragd::load {
namespace {

/// The definition, on the samples themselves: the least one that at least the fraction q does not exceed.
std::int64_t exact_quantile(const std::vector<std::int64_t>& sorted, double q) {
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * static_cast<double>(sorted.size()))));
  return sorted[rank - 1];
}

std::vector<std::int64_t> log_normal_samples(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(std::log(200'000.0), 1.5);
  std::vector<std::int64_t> samples(count);
  for (auto& sample : samples) sample = static_cast<std::int64_t>(latency(random));
  return samples;
}

LatencyHistogram of(const std::vector<std::int64_t>& samples) {
  LatencyHistogram histogram;
  for (const auto sample : samples) histogram.record(Nanos(sample));
  return histogram;
}

constexpr std::array<double, 9> kQuantiles{0.001, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1};

TEST(LatencyHistogram, IsNeverBelowTheExactQuantileAndAtMostOnePercentAbove) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    auto samples = log_normal_samples(50'000, seed);
    const LatencyHistogram histogram = of(samples);
    std::sort(samples.begin(), samples.end());
    for (const double q : kQuantiles) {
      const auto exact = exact_quantile(samples, q);
      const auto estimate = histogram.quantile(q).count();
      EXPECT_GE(estimate, exact) << q;
      EXPECT_LE(static_cast<double>(estimate), static_cast<double>(exact) * 1.01) << q;
    }
  }
}

TEST(LatencyHistogram, IsExactBelow256Nanoseconds) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.record(Nanos(2 * i));
  EXPECT_EQ(histogram.quantile(0.07), Nanos(14)) << "the seventh of a hundred, though 0.07 * 100 rounds to above 7";
  EXPECT_EQ(histogram.quantile(0.5), Nanos(100));
  EXPECT_EQ(histogram.quantile(0.99), Nanos(198));
}

TEST(LatencyHistogram, KeepsMinimumMaximumAndMeanExact) {
  const auto samples = log_normal_samples(1000, 4);
  const LatencyHistogram histogram = of(samples);
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample);
  EXPECT_EQ(histogram.min().count(), *std::min_element(samples.begin(), samples.end()));
  EXPECT_EQ(histogram.max().count(), *std::max_element(samples.begin(), samples.end()));
  EXPECT_EQ(histogram.quantile(1), histogram.max());
  EXPECT_NEAR(histogram.mean_ns(), sum / 1000, 1e-6 * sum);
}

TEST(LatencyHistogram, SaysTheSameOfPartsMergedAsOfTheWhole) {
  const auto first = log_normal_samples(3000, 5);
  const auto second = log_normal_samples(500, 6);
  auto all = first;
  all.insert(all.end(), second.begin(), second.end());
  LatencyHistogram merged = of(first);
  merged.merge(of(second));
  const LatencyHistogram whole = of(all);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.min(), whole.min());
  for (const double q : kQuantiles) EXPECT_EQ(merged.quantile(q), whole.quantile(q)) << q;
}

TEST(LatencyHistogram, TellsWhatCameSinceACopy) {
  LatencyHistogram histogram = of(log_normal_samples(1000, 7));
  const LatencyHistogram earlier = histogram;
  const auto later = log_normal_samples(400, 8);
  for (const auto sample : later) histogram.record(Nanos(sample));
  const LatencyHistogram rest = histogram.since(earlier);
  EXPECT_EQ(rest.count(), 400U);
  for (const double q : {0.5, 0.99}) EXPECT_EQ(rest.quantile(q), of(later).quantile(q)) << q;
}

TEST(LatencyHistogram, ReportsAQuantileOnlyWithTenLatenciesAboveIt) {
  for (const auto& [q, enough] : {std::pair(0.5, 20U), {0.9, 100U}, {0.95, 200U}, {0.99, 1'000U}, {0.999, 10'000U}}) {
    LatencyHistogram histogram;
    for (unsigned i = 1; i < enough; ++i) histogram.record(Nanos(i));
    EXPECT_FALSE(histogram.sampled_quantile(q)) << q;
    histogram.record(Nanos(enough));
    EXPECT_EQ(histogram.sampled_quantile(q), histogram.quantile(q)) << q;
  }
  EXPECT_FALSE(LatencyHistogram().sampled_quantile(0));
}

TEST(LatencyHistogram, IsZeroWithoutSamples) {
  const LatencyHistogram empty;
  EXPECT_EQ(empty.quantile(0.99), Nanos(0));
  EXPECT_EQ(empty.min(), Nanos(0));
  EXPECT_EQ(empty.max(), Nanos(0));
  EXPECT_EQ(empty.mean_ns(), 0);
}

TEST(LatencyHistogram, TakesTheLongestAndTheImpossible) {
  LatencyHistogram histogram;
  histogram.record(Nanos(-5));
  EXPECT_EQ(histogram.quantile(1), Nanos(0));
  histogram.record(std::chrono::hours(1000));
  EXPECT_EQ(histogram.max(), std::chrono::hours(1000));
  EXPECT_GE(histogram.quantile(1), std::chrono::minutes(73));
}

TEST(LatencyHistogram, ListsItsBucketsInOrderAndLosesNone) {
  const LatencyHistogram histogram = of(log_normal_samples(2000, 9));
  std::vector<std::pair<Nanos, std::uint64_t>> buckets;
  histogram.each_bucket([&buckets](Nanos upper, std::uint64_t count) { buckets.emplace_back(upper, count); });
  std::uint64_t total = 0;
  for (const auto& bucket : buckets) total += bucket.second;
  EXPECT_EQ(total, 2000U);
  EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
}

}  // namespace
}  // namespace ragd::load
