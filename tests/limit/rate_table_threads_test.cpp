// Real threads on a real table. Time is virtual and stands still within a round, so what may be allowed is known.
#include "limit/rate_table.hpp"
#include "limit/sliding_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace ragd::limit {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

RateLimitSettings limit_of(std::uint32_t requests, std::chrono::milliseconds window, std::size_t max_clients) {
  RateLimitSettings settings;
  settings.requests = requests;
  settings.window = window;
  settings.max_clients = max_clients;
  return settings;
}

TEST(RateTableThreads, AllowExactlyTheLimitToSixteenParallelConnections) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 300;
  constexpr std::uint32_t kRequests = 60;
  RateTable table(limit_of(kRequests, 60s, 1024));
  SlidingLog list(kRequests, 60s);
  std::mt19937_64 random(1);
  SteadyTime now = kStart;
  std::atomic<int> allowed{0};
  std::array<int, kThreads> attempts{};
  int wrong_rounds = 0;

  // Runs in one thread while the others stand at the barrier.
  const auto between_rounds = [&]() noexcept {
    int expected = 0;
    for (const int n : attempts) {
      for (int i = 0; i < n; ++i) expected += list.check(now) ? 1 : 0;
    }
    if (allowed.exchange(0) != expected) ++wrong_rounds;
    now += std::chrono::milliseconds(random() % 20'000);
    for (int& n : attempts) n = static_cast<int>(random() % 8);
  };
  std::barrier round(kThreads, between_rounds);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int r = 0; r < kRounds; ++r) {
        round.arrive_and_wait();
        for (int i = 0; i < attempts[t]; ++i) allowed.fetch_add(table.check(42, now).allowed ? 1 : 0);
      }
      round.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_rounds, 0);
}

// Twelve clients on four ways: every round empties ways and fills them again, in a race.
TEST(RateTableThreads, NeverAllowAClientMoreThanItsLimitWhileItsWayIsTakenAway) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kClients = 12;
  constexpr std::uint32_t kRequests = 3;
  constexpr int kRounds = 8'000;
  RateTable table(limit_of(kRequests, 100ms, 4));
  std::vector<SlidingLog> lists(kClients, SlidingLog(kRequests, 100ms));
  std::array<std::atomic<int>, kClients> allowed{};
  std::mt19937_64 clock_random(2);
  SteadyTime now = kStart;
  int too_many = 0;

  const auto between_rounds = [&]() noexcept {
    for (std::size_t client = 0; client < kClients; ++client) {
      for (int n = allowed[client].exchange(0); n > 0; --n) too_many += lists[client].check(now) ? 0 : 1;
    }
    now += std::chrono::milliseconds(clock_random() % 60);
  };
  std::barrier round(kThreads, between_rounds);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int r = 0; r < kRounds; ++r) {
        round.arrive_and_wait();
        const std::size_t popular = static_cast<std::size_t>(r) % kClients;
        for (int i = 0; i < 6; ++i) {
          const std::size_t client = random() % 2 == 0 ? popular : random() % kClients;
          if (table.check(client, now).allowed) allowed[client].fetch_add(1);
        }
      }
      round.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(too_many, 0);
  EXPECT_GT(table.stats().reclaimed, 1'000U);
  EXPECT_LE(table.stats().clients, 4U);
}

TEST(RateTableThreads, CountEveryClientOnce) {
  constexpr std::uint64_t kClients = 2'000;
  RateTable table(limit_of(5, 60s, 65'536));
  std::atomic<std::uint64_t> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t client = 0; client < kClients; ++client) {
        if (table.check(client, kStart).allowed) allowed.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 5 * kClients);
  EXPECT_EQ(table.stats().clients, kClients);
  EXPECT_EQ(table.stats().overflowed, 0U);
}

}  // namespace
}  // namespace ragd::limit
