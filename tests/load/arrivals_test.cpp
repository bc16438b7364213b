#include "load/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace ragd::load {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

TEST(Arrivals, AreEquallyFarApart) {
  const Arrivals arrivals(kStart, 20'000);
  EXPECT_EQ(arrivals.at(0), kStart);
  EXPECT_EQ(arrivals.at(1), kStart + 50us);
  EXPECT_EQ(arrivals.at(20'000), kStart + 1s);
}

TEST(Arrivals, DoNotDriftAtARateThatDividesNothing) {
  const Arrivals arrivals(kStart, 7);
  EXPECT_EQ(arrivals.at(7 * 86'400), kStart + 24h);
}

TEST(Arrivals, OfAllThreadsMakeUpTheWholeSchedule) {
  constexpr unsigned kThreads = 3;
  std::vector<TimePoint> together;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    const Arrivals part(kStart, 1000, thread, kThreads);
    for (std::uint64_t i = 0; i < 100; ++i) together.push_back(part.at(i));
  }
  std::sort(together.begin(), together.end());
  const Arrivals whole(kStart, 1000);
  for (std::uint64_t i = 0; i < 300; ++i) EXPECT_EQ(together[i], whole.at(i));
}

TEST(Arrivals, CountThoseBeforeAnEnd) {
  const Arrivals arrivals(kStart, 1000);
  EXPECT_EQ(arrivals.count_before(kStart), 0U);
  EXPECT_EQ(arrivals.count_before(kStart + 1ns), 1U);
  EXPECT_EQ(arrivals.count_before(kStart + 1s), 1000U) << "the one due at the end is not before it";
  EXPECT_EQ(Arrivals(kStart, 1000, 2, 3).count_before(kStart + 1s), 333U);
  EXPECT_EQ(arrivals.count_before(kStart - 1s), 0U);
}

}  // namespace
}  // namespace ragd::load
