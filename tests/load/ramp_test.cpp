#include "load/ramp.hpp"

#include "load/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
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
  EXPECT_EQ(RampSearch::judge({1000, 1, 990, 0}, 1), RampVerdict::held);
  EXPECT_EQ(RampSearch::judge({1000, 1, 900, 0}, 1), RampVerdict::slow);
  EXPECT_EQ(RampSearch::judge({1000, 1, 1000, 0.01}, 1), RampVerdict::failing) << "one in a hundred failed";
  EXPECT_EQ(RampSearch::judge({1000, 1.01, 1000, 0}, 1), RampVerdict::slow);
  EXPECT_EQ(RampSearch::judge({1000, 1, 1000, 0.01, 0, 0, 0.01}, 1), RampVerdict::slow) << "found no connection";
  EXPECT_EQ(RampSearch::judge({1000, std::nullopt, 1000, 0}, 1), RampVerdict::slow) << "too few for a p99";
}

TEST(RampSearch, DoesNotBlameTheServerForTheGeneratorsLateness) {
  EXPECT_EQ(RampSearch::judge({1000, 400, 700, 0, 399.5}, 1), RampVerdict::generator);
  EXPECT_EQ(RampSearch::judge({1000, 400, 700, 0, 3}, 1), RampVerdict::slow) << "that much was not our doing";
  EXPECT_EQ(RampSearch::judge({1000, 0.9, 1000, 0, 0.8}, 1), RampVerdict::held) << "late, and yet in time";
  EXPECT_EQ(RampSearch::judge({1000, 400, 700, 0.02, 399.5}, 1), RampVerdict::failing) << "errors are the server's";
  const RampSearch search = climb([](double rate) {
    return rate > 6000 ? RampStep{rate, 50, 6000, 0, 49.8} : RampStep{rate, 0.5, rate, 0, 0.1};
  });
  expect_within_precision(search.result(2), 6000);
  EXPECT_EQ(search.stop(2), RampVerdict::generator);
}

TEST(RampSearch, TellsWhenTheRateLimitEndedTheClimb) {
  EXPECT_EQ(RampSearch::judge({1000, 0.5, 1000, 0.2, 0, 0.2}, 1), RampVerdict::rate_limited);
  EXPECT_EQ(RampSearch::judge({1000, 0.5, 1000, 0.2, 0, 0.1}, 1), RampVerdict::failing) << "half of it were errors";
  const RampSearch search = climb([](double rate) {
    const double limited = rate > 6000 ? 1 - 6000 / rate : 0;
    return RampStep{rate, 0.5, rate, limited, 0, limited};
  });
  expect_within_precision(search.result(0), 6000);
  EXPECT_EQ(search.stop(0), RampVerdict::rate_limited);
}

TEST(RampSearch, HasNoStopWhereNothingBroke) {
  const RampSearch search = climb([](double rate) { return RampStep{rate, 0.1, rate, 0}; });
  EXPECT_EQ(search.stop(0), std::nullopt);
  EXPECT_EQ(climb([](double rate) { return queue(rate, 50'000); }).stop(0), RampVerdict::slow);
}

TEST(RampSearch, StretchesAStepToARequestCountThatHasAP99) {
  using std::chrono_literals::operator""s;
  for (const double rate : {100.0, 333.0, 501.0, 7777.0}) {
    const auto duration = RampSearch::duration_of_step(rate, 2s);
    const std::uint64_t requests = Arrivals(TimePoint(), rate).count_before(TimePoint() + duration);
    EXPECT_GE(requests - requests / 1000, 1'000U) << "one in a thousand may fail";
    EXPECT_GE(duration, 2s);
  }
  EXPECT_EQ(RampSearch::duration_of_step(7777, 2s), 2s);
}

TEST(RampSearch, SearchesNoRateThatWouldTakeTooLong) {
  const RampSearch search = climb([](double rate) { return RampStep{rate, 50, rate, 0}; });
  EXPECT_EQ(search.steps().back().rate, 100);
  EXPECT_EQ(search.stop(0), RampVerdict::slow);
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
