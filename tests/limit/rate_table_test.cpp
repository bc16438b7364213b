#include "limit/rate_table.hpp"

#include "limit/sliding_log.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <random>

namespace ragd::limit {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

RateLimitSettings limit_of(std::uint32_t requests, std::chrono::milliseconds window,
                           LimitAlgorithm algorithm = LimitAlgorithm::automatic, std::size_t max_clients = 1024) {
  RateLimitSettings settings;
  settings.requests = requests;
  settings.window = window;
  settings.algorithm = algorithm;
  settings.max_clients = max_clients;
  return settings;
}

int allowed_of(RateTable& table, std::uint64_t client, SteadyTime now, int attempts) {
  int allowed = 0;
  for (int i = 0; i < attempts; ++i) allowed += table.check(client, now).allowed ? 1 : 0;
  return allowed;
}

TEST(RateTable, RefusesTheSixtyFirstRequestWithinAMinute) {
  RateTable table(RateLimitSettings{});
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(table.check(7, kStart + i * 1s).allowed);
  EXPECT_FALSE(table.check(7, kStart + 60s - 1ns).allowed);
  EXPECT_TRUE(table.check(7, kStart + 60s).allowed);
  EXPECT_FALSE(table.check(7, kStart + 60s).allowed);
}

TEST(RateTable, SaysSoWhileAClientThatFoundItsPlacePaysIntoTheSharedLogToo) {
  RateTable table(limit_of(3, 10s, LimitAlgorithm::automatic, 1));
  EXPECT_FALSE(table.check(1, kStart).overflow);
  EXPECT_TRUE(table.check(2, kStart + 9s).overflow);
  for (const auto later : {11s, 12s}) {  // the first client is forgotten, its place taken
    const Decision decision = table.check(2, kStart + later);
    EXPECT_TRUE(decision.allowed);
    EXPECT_TRUE(decision.overflow);
  }
  EXPECT_FALSE(table.check(2, kStart + 13s).allowed);
  EXPECT_FALSE(table.check(2, kStart + 19s).overflow);
}

TEST(RateTable, TellsWhatIsLeftAndHowLongToWait) {
  RateTable table(limit_of(3, 10s));
  const Decision first = table.check(7, kStart);
  EXPECT_EQ(first.remaining, 2U);
  EXPECT_EQ(first.reset, 10s);
  EXPECT_EQ(first.retry_after, 0s);
  table.check(7, kStart + 4s);
  const Decision third = table.check(7, kStart + 5s);
  EXPECT_EQ(third.remaining, 0U);
  EXPECT_EQ(third.reset, 10s);
  const Decision refused = table.check(7, kStart + 6s);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_EQ(refused.retry_after, 4s);
  EXPECT_EQ(refused.reset, 9s);
  EXPECT_FALSE(table.check(7, kStart + 6s + refused.retry_after - 1ns).allowed);
  EXPECT_TRUE(table.check(7, kStart + 6s + refused.retry_after).allowed);
}

TEST(RateTable, DoesNotPunishRefusedRequests) {
  RateTable table(limit_of(2, 10s));
  allowed_of(table, 7, kStart, 2);
  EXPECT_EQ(allowed_of(table, 7, kStart + 9s, 1'000), 0);
  EXPECT_EQ(allowed_of(table, 7, kStart + 10s, 1'000), 2);
}

TEST(RateTable, KeepsClientsApartWhateverTheirHash) {
  RateTable table(limit_of(2, 10s));
  for (const std::uint64_t client :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63U, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(allowed_of(table, client, kStart, 5), 2) << client;
  }
}

TEST(RateTable, WorksAtTheBeginningOfTime) {
  RateTable table(limit_of(2, 10s));
  EXPECT_EQ(allowed_of(table, 7, SteadyTime{}, 5), 2);
  EXPECT_EQ(allowed_of(table, 7, SteadyTime{-5s}, 5), 0);
  EXPECT_EQ(allowed_of(table, 7, SteadyTime{11s}, 5), 2);
}

TEST(RateTable, LetsAllPassWhenTheLimitIsOff) {
  RateTable table(limit_of(0, 10s));
  EXPECT_EQ(allowed_of(table, 7, kStart, 1'000), 1'000);
  EXPECT_EQ(table.memory_bytes(), 0U);
}

TEST(RateTable, TakesTheExactAlgorithmAsFarAsItsLogReaches) {
  EXPECT_EQ(RateTable(limit_of(kMaxExactRequests, 1s)).algorithm(), LimitAlgorithm::exact);
  EXPECT_EQ(RateTable(limit_of(kMaxExactRequests + 1, 1s)).algorithm(), LimitAlgorithm::gcra);
  EXPECT_EQ(RateTable(limit_of(5, 1s, LimitAlgorithm::gcra)).algorithm(), LimitAlgorithm::gcra);
}

// The property behind everything else: decision by decision the same as the list, for random traffic.
TEST(RateTable, DecidesAsTheListDoes) {
  std::mt19937_64 random(20240607);
  const auto below = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random); };
  for (int round = 0; round < 60; ++round) {
    const auto requests = static_cast<std::uint32_t>(round < 10 ? 1 + round : 1 + below(kMaxExactRequests));
    const std::chrono::milliseconds window(1 + below(100'000));
    RateTable table(limit_of(requests, window, LimitAlgorithm::exact));
    std::map<std::uint64_t, SlidingLog> lists;
    SteadyTime now = kStart;
    const std::int64_t step = std::max<std::int64_t>(std::chrono::nanoseconds(window).count() / requests, 1);
    const std::int64_t clients = 1 + below(20);
    for (int i = 0; i < 6'000; ++i) {
      const auto client = static_cast<std::uint64_t>(below(clients));
      now += std::chrono::nanoseconds(below(below(50) == 0 ? 40 * step : 2 * step / clients + 1));
      const SteadyTime asked = now - std::chrono::nanoseconds(below(4) == 0 ? below(step) : 0);
      auto& list = lists.try_emplace(client, requests, window).first->second;
      const bool expected = list.check(asked);
      const Decision decision = table.check(client, asked);
      ASSERT_EQ(decision.allowed, expected) << "round " << round << " request " << i;
      ASSERT_EQ(decision.remaining, list.remaining());
      ASSERT_EQ(decision.reset, list.latest() + window - asked);
      ASSERT_EQ(decision.retry_after, expected ? 0ns : list.oldest() + window - asked);
      ASSERT_FALSE(decision.overflow);
    }
  }
}

TEST(RateTable, ForgetsIdleClientsToMakeRoom) {
  RateTable table(limit_of(2, 10s, LimitAlgorithm::exact, 4));
  for (std::uint64_t client = 0; client < 4; ++client) EXPECT_FALSE(table.check(client, kStart).overflow);
  EXPECT_TRUE(table.check(4, kStart + 10s - 1ns).overflow);
  EXPECT_EQ(table.stats().reclaimed, 0U);
  // The window after an overflow is shared by the group's newcomers; after it each has a way again.
  for (std::uint64_t client = 10; client < 14; ++client) EXPECT_FALSE(table.check(client, kStart + 20s).overflow);
  EXPECT_EQ(table.stats().reclaimed, 4U);
  EXPECT_EQ(table.stats().clients, 4U);
}

TEST(RateTable, ChargesNewcomersToASharedBucketWhenFull) {
  RateTable table(limit_of(3, 10s, LimitAlgorithm::exact, 2));
  table.check(0, kStart);
  table.check(1, kStart);
  int allowed = 0;
  for (std::uint64_t client = 2; client < 102; ++client) {
    const Decision decision = table.check(client, kStart + 1s);
    EXPECT_TRUE(decision.overflow);
    allowed += decision.allowed ? 1 : 0;
  }
  EXPECT_EQ(allowed, 3);
  EXPECT_EQ(table.stats().overflowed, 100U);
  EXPECT_EQ(allowed_of(table, 0, kStart + 1s, 5), 2) << "clients with a way of their own don't notice";
}

TEST(RateTable, GivesNoSecondQuotaToAClientThatFindsRoomAfterAnOverflow) {
  RateTable table(limit_of(3, 10s, LimitAlgorithm::exact, 1));
  table.check(0, kStart);
  EXPECT_EQ(allowed_of(table, 1, kStart + 9s, 5), 3);
  EXPECT_EQ(allowed_of(table, 1, kStart + 10s, 5), 0) << "client 0 is gone, client 1 still has its past";
  EXPECT_EQ(allowed_of(table, 1, kStart + 19s, 5), 3);
}

TEST(RateTable, AgreesWithTheListHoweverOftenItForgets) {
  std::mt19937_64 random(7);
  const auto below = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random); };
  RateTable table(limit_of(3, 100ms, LimitAlgorithm::exact, 4));
  std::map<std::uint64_t, SlidingLog> lists;
  SteadyTime now = kStart;
  std::uint64_t shared = 0;
  for (int i = 0; i < 200'000; ++i) {
    now += std::chrono::microseconds(below(20'000));
    const auto client = static_cast<std::uint64_t>(below(12));
    auto& list = lists.try_emplace(client, 3, 100ms).first->second;
    const Decision decision = table.check(client, now);
    SlidingLog before = list;
    const bool expected = before.check(now);
    if (decision.overflow) {
      ++shared;
      ASSERT_LE(decision.allowed, expected) << "never more than the list allows, request " << i;
      if (decision.allowed) list = before;
    } else {
      ASSERT_EQ(decision.allowed, expected) << "request " << i;
      list = before;
    }
  }
  EXPECT_GT(table.stats().reclaimed, 10'000U);
  EXPECT_GT(shared, 1'000U);
}

TEST(RateTable, HoldsAsManyClientsAsItWasMadeFor) {
  RateTable table(limit_of(2, 60s, LimitAlgorithm::exact, 65'536));
  std::uint64_t overflowed = 0;
  for (std::uint64_t client = 0; client < 65'536; ++client)
    overflowed += table.check(client, kStart).overflow ? 1U : 0U;
  EXPECT_LT(overflowed, 65'536U / 500);
  EXPECT_EQ(table.stats().clients + overflowed, 65'536U);
}

TEST(RateTable, StaysInItsMemoryUnderAMillionClients) {
  RateTable table(limit_of(60, 60s, LimitAlgorithm::exact, 4'096));
  const std::size_t before = table.memory_bytes();
  EXPECT_LT(before, 8U << 20U);
  SteadyTime now = kStart;
  for (std::uint64_t client = 0; client < 1'000'000; ++client) {
    now += 100us;
    table.check(client, now);
  }
  EXPECT_EQ(table.memory_bytes(), before);
  EXPECT_LE(table.stats().clients, 2U * 4'096U);
  EXPECT_GT(table.stats().overflowed, 0U);
}

TEST(RateTable, ReservesWhatTheDefaultsSay) {
  EXPECT_LT(RateTable(RateLimitSettings{}).memory_bytes(), 70U << 20U);
  EXPECT_LT(RateTable(limit_of(1'000'000, 60s)).memory_bytes(), 8U << 20U) << "gcra needs no log";
}

TEST(RateTable, PacesSmoothlyUnderGcra) {
  RateTable table(limit_of(10, 10s, LimitAlgorithm::gcra));
  EXPECT_EQ(allowed_of(table, 7, kStart, 20), 10) << "the burst";
  const Decision refused = table.check(7, kStart);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(refused.reset, 10s);
  EXPECT_FALSE(table.check(7, kStart + 1s - 1ns).allowed);
  EXPECT_TRUE(table.check(7, kStart + 1s).allowed);
  EXPECT_FALSE(table.check(7, kStart + 1s).allowed);
  const Decision later = table.check(7, kStart + 6s);
  EXPECT_TRUE(later.allowed);
  EXPECT_EQ(later.remaining, 4U);
  EXPECT_EQ(later.reset, 6s);
}

TEST(RateTable, AllowsAtMostBurstAndRateTimesWindowUnderGcra) {
  std::mt19937_64 random(3);
  const auto below = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random); };
  for (const std::uint32_t requests : {1U, 2U, 7U, 60U, 3'000U}) {
    RateTable table(limit_of(requests, 1s, LimitAlgorithm::gcra, 4));
    std::deque<SteadyTime> window;
    SteadyTime now = kStart;
    std::uint64_t total = 0;
    for (int i = 0; i < 50'000; ++i) {
      now += std::chrono::nanoseconds(below(below(100) == 0 ? 1'500'000'000 : 1'000'000'000 / (4 * requests)));
      while (!window.empty() && now - window.front() >= 1s) window.pop_front();
      if (!table.check(7, now).allowed) continue;
      ++total;
      window.push_back(now);
      ASSERT_LE(window.size(), 2U * requests);
    }
    const auto seconds = std::chrono::duration<double>(now - kStart).count();
    EXPECT_LE(static_cast<double>(total), requests + requests * seconds);
  }
}

}  // namespace
}  // namespace ragd::limit
