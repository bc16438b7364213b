#include "load/ramp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace ragd::load {
namespace {

using Server = std::function<RampStep(double rate)>;

RampSearch climb(const Server& server, double first = 1000) {
  RampSearch search(first);
  for (std::optional<double> rate = search.first(); rate;) rate = search.step(server(*rate));
  return search;
}

/// p99 grows as a queue's does and passes every bound at `capacity`.
RampStep queue(double rate, double capacity) {
  const bool full = rate >= capacity;
  return {rate, full ? 1000 : 0.5 / (1 - rate / capacity), full ? capacity : rate, full ? 1 - capacity / rate : 0};
}

void expect_within_precision(std::optional<double> found, double truth) {
  ASSERT_TRUE(found);
  EXPECT_LE(*found, truth);
  EXPECT_GE(*found, truth / 1.06);
}

TEST(RampSearch, FindsTheHighestRateOfEachLimit) {
  const RampSearch search = climb([](double rate) { return queue(rate, 50'000); });
  expect_within_precision(search.result(0), 50'000 * (1 - 0.5 / 1));
  expect_within_precision(search.result(1), 50'000 * (1 - 0.5 / 5));
  expect_within_precision(search.result(2), 50'000 * (1 - 0.5 / 10));
  EXPECT_LE(search.steps().size(), 40U);
}

TEST(RampSearch, GoesDownWhereItBeganTooHigh) {
  const RampSearch search = climb([](double rate) { return queue(rate, 300); }, 100'000);
  expect_within_precision(search.result(2), 300 * 0.95);
}

TEST(RampSearch, FindsNothingWhereNothingHolds) {
  const RampSearch search = climb([](double rate) { return RampStep{rate, 50, rate, 0}; });
  for (const std::size_t i : {0U, 1U, 2U}) EXPECT_FALSE(search.result(i));
}

TEST(RampSearch, KnowsThatALimitMayHoldWhileAStricterOneNeverDoes) {
  const RampSearch search = climb([](double rate) { return RampStep{rate, rate > 5000 ? 20.0 : 3.0, rate, 0}; });
  EXPECT_FALSE(search.result(0));
  expect_within_precision(search.result(1), 5000);
  EXPECT_EQ(search.result(1), search.result(2));
}

TEST(RampSearch, BelievesAFailureOnlyTheSecondTime) {
  int disturbances = 0;
  const RampSearch search = climb([&disturbances](double rate) {
    RampStep step = queue(rate, 50'000);
    if (rate == 4000 && disturbances++ == 0) step.p99_ms = 80;
    return step;
  });
  expect_within_precision(search.result(2), 50'000 * 0.95);
}

TEST(RampSearch, TakesNoRateTheServerDoesNotKeepUpWith) {
  EXPECT_TRUE(RampSearch::holds({1000, 1, 990, 0}, 1));
  EXPECT_FALSE(RampSearch::holds({1000, 1, 900, 0}, 1));
  EXPECT_FALSE(RampSearch::holds({1000, 1, 1000, 0.01}, 1)) << "one in a hundred failed";
  EXPECT_FALSE(RampSearch::holds({1000, 1.01, 1000, 0}, 1));
}

TEST(RampSearch, EndsWhateverIsMeasured) {
  int calls = 0;
  const auto noise = [&calls](double rate) { return RampStep{rate, (++calls * 7 % 5) * 3.0, rate, 0}; };
  EXPECT_LE(climb(noise).steps().size(), 60U);
  const auto unlimited = [](double rate) { return RampStep{rate, 0.1, rate, 0}; };
  EXPECT_EQ(climb(unlimited).result(0), 10'000'000);
}

}  // namespace
}  // namespace ragd::load
