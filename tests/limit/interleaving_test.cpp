// The table's protocol under thousands of interleavings, word by word. All requests of a phase carry the same time, so
// what each client may be allowed is known exactly.
#include "limit/interleaving.hpp"

#include "limit/client_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ragd::limit {
namespace {

constexpr std::size_t kClients = 3;
constexpr std::uint32_t kRequests = 2;
constexpr Ticks kWindow = 1'000'000;  // a millisecond
constexpr std::uint64_t kSchedules = 1'000;

using Table = ClientTable<SteppedWord>;

RateLimitSettings tiny(std::size_t ways, LimitAlgorithm algorithm, std::uint32_t requests = kRequests) {
  RateLimitSettings settings;
  settings.requests = requests;
  settings.window = std::chrono::milliseconds(1);
  settings.algorithm = algorithm;
  settings.max_clients = ways;
  return settings;
}

struct Tally {
  std::array<std::atomic<std::uint32_t>, kClients> asked{};
  std::array<std::atomic<std::uint32_t>, kClients> allowed{};
  std::array<std::atomic<bool>, kClients> shared{};

  void check(Table& table, std::size_t client, Ticks now) {
    const Decision decision = table.check(client, now);
    ++asked[client];
    if (decision.allowed) ++allowed[client];
    if (decision.overflow) shared[client] = true;
  }
};

/// Three threads, each asking for a few random clients, all at `now`.
void run_phase(Table& table, Tally& tally, Ticks now, std::mt19937_64& random) {
  std::vector<std::function<void()>> bodies;
  for (int thread = 0; thread < 3; ++thread) {
    std::vector<std::size_t> clients(1 + random() % 3);
    for (std::size_t& client : clients) client = random() % kClients;
    bodies.emplace_back([&table, &tally, now, clients] {
      for (const std::size_t client : clients) tally.check(table, client, now);
    });
  }
  Interleaving(random(), 1 + random() % 4).run(bodies);
}

struct Scenario {
  std::string name;
  std::size_t ways;
  LimitAlgorithm algorithm;
};

class EveryInterleaving : public testing::TestWithParam<Scenario> {};

// Each schedule: some clients asked long ago (their ways may be taken from them), then three threads ask at one time,
// then again just before the window ends, then just after.
TEST_P(EveryInterleaving, AllowsEachClientItsQuotaAndNoMore) {
  std::uint64_t reclaimed = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    std::mt19937_64 random(seed);
    Table table(tiny(GetParam().ways, GetParam().algorithm), 0);
    Ticks now = kWindow;
    for (std::size_t client = 0; client < kClients; ++client) {
      for (std::uint64_t n = random() % 4; n > 0; --n) table.check(client, now);
    }
    now += 2 * kWindow;
    Tally tally;
    run_phase(table, tally, now, random);
    if (GetParam().algorithm == LimitAlgorithm::exact) run_phase(table, tally, now + kWindow - 1, random);
    for (std::size_t client = 0; client < kClients; ++client) {
      const std::uint32_t fair = std::min(tally.asked[client].load(), kRequests);
      ASSERT_LE(tally.allowed[client], kRequests) << "schedule " << seed << " client " << client;
      if (!tally.shared[client]) {
        ASSERT_EQ(tally.allowed[client], fair) << "schedule " << seed << " client " << client;
      }
    }
    Tally later;
    run_phase(table, later, now + 4 * kWindow, random);
    for (std::size_t client = 0; client < kClients; ++client) {
      ASSERT_LE(later.allowed[client], kRequests) << "schedule " << seed << " client " << client;
      if (!later.shared[client]) {
        ASSERT_EQ(later.allowed[client], std::min(later.asked[client].load(), kRequests))
            << "schedule " << seed << " client " << client;
      }
    }
    ASSERT_LE(table.stats().clients, GetParam().ways);
    reclaimed += table.stats().reclaimed;
  }
  if (GetParam().ways < kClients) {
    EXPECT_GT(reclaimed, kSchedules / 2) << "the interesting part never happened";
  }
}

// Here the threads' times are whole windows apart and out of order, so that ways are emptied while stragglers still
// work on them. With one request a window no client may be allowed more requests than there are instants.
TEST_P(EveryInterleaving, CountsWhatStragglersDoBetweenWindows) {
  constexpr std::size_t kInstants = 3;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    std::mt19937_64 random(seed);
    Table table(tiny(GetParam().ways, GetParam().algorithm, 1), 0);
    Tally tally;
    std::vector<std::function<void()>> bodies;
    for (int thread = 0; thread < 3; ++thread) {
      std::vector<std::pair<std::size_t, Ticks>> asks(1 + random() % 5);
      for (auto& [client, now] : asks) {
        client = random() % kClients;
        now = (1 + random() % kInstants) * kWindow;
      }
      bodies.emplace_back([&table, &tally, asks] {
        for (const auto& [client, now] : asks) tally.check(table, client, now);
      });
    }
    Interleaving(random(), 1 + random() % 5).run(bodies);
    for (std::size_t client = 0; client < kClients; ++client) {
      ASSERT_LE(tally.allowed[client], kInstants) << "schedule " << seed << " client " << client;
    }
    ASSERT_LE(table.stats().clients, GetParam().ways);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, EveryInterleaving,
                         testing::Values(Scenario{"OneWayExact", 1, LimitAlgorithm::exact},
                                         Scenario{"TwoWaysExact", 2, LimitAlgorithm::exact},
                                         Scenario{"FourWaysExact", 4, LimitAlgorithm::exact},
                                         Scenario{"TwoWaysGcra", 2, LimitAlgorithm::gcra},
                                         Scenario{"SixWaysGcra", 6, LimitAlgorithm::gcra}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ragd::limit
