// The table's protocol under thousands of interleavings, word by word. All requests of a phase carry the same time, so
// what each client may be allowed is known exactly.
#include "limit/interleaving.hpp"

#include "limit/admission_log.hpp"
#include "limit/client_table.hpp"
#include "limit/paced_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace ragd::limit {
namespace {

constexpr std::size_t kClients = 3;
constexpr std::uint32_t kRequests = 2;
constexpr Ticks kWindow = 1'000'000;  // a millisecond
constexpr std::uint64_t kSchedules = 1'000;

using ExactTable = ClientTable<AdmissionLog<SteppedWord>>;
using PacedTable = ClientTable<PacedLog<SteppedWord>>;

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

  void check(auto& table, std::size_t client, Ticks now) {
    const Decision decision = table.check(client, now);
    ++asked[client];
    if (decision.allowed) ++allowed[client];
    if (decision.overflow) shared[client] = true;
  }
};

/// Three threads, each asking for a few random clients, all at `now`.
void run_phase(auto& table, Tally& tally, Ticks now, std::mt19937_64& random) {
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

// Each schedule: some clients asked long ago (their ways may be taken from them), then three threads ask at one time,
// then again just before the window ends, then just after.
template <class Table>
void allow_each_client_its_quota(const Scenario& scenario) {
  std::uint64_t reclaimed = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    std::mt19937_64 random(seed);
    Table table(tiny(scenario.ways, scenario.algorithm), 0);
    Ticks now = kWindow;
    for (std::size_t client = 0; client < kClients; ++client) {
      for (std::uint64_t n = random() % 4; n > 0; --n) table.check(client, now);
    }
    now += 2 * kWindow;
    Tally tally;
    run_phase(table, tally, now, random);
    if (scenario.algorithm == LimitAlgorithm::exact) run_phase(table, tally, now + kWindow - 1, random);
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
    ASSERT_LE(table.stats().clients, scenario.ways);
    reclaimed += table.stats().reclaimed;
  }
  if (scenario.ways < kClients) {
    EXPECT_GT(reclaimed, kSchedules / 2) << "the interesting part never happened";
  }
}

// Here the threads' times are whole windows apart and out of order, so that ways are emptied while stragglers still
// work on them. With one request a window no client may be allowed more requests than there are instants.
template <class Table>
void count_what_stragglers_do(const Scenario& scenario) {
  constexpr std::size_t kInstants = 3;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    std::mt19937_64 random(seed);
    Table table(tiny(scenario.ways, scenario.algorithm, 1), 0);
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
    ASSERT_LE(table.stats().clients, scenario.ways);
  }
}

class EveryInterleaving : public testing::TestWithParam<Scenario> {};

TEST_P(EveryInterleaving, AllowsEachClientItsQuotaAndNoMore) {
  if (GetParam().algorithm == LimitAlgorithm::exact) {
    allow_each_client_its_quota<ExactTable>(GetParam());
  } else {
    allow_each_client_its_quota<PacedTable>(GetParam());
  }
}

TEST_P(EveryInterleaving, CountsWhatStragglersDoBetweenWindows) {
  if (GetParam().algorithm == LimitAlgorithm::exact) {
    count_what_stragglers_do<ExactTable>(GetParam());
  } else {
    count_what_stragglers_do<PacedTable>(GetParam());
  }
}

// Times differ by less than a window and come out of order. Each decision tells when its record was made.
TEST(AdmissionLog, NeverHoldsMoreThanTheQuotaInAnyWindow) {
  for (std::uint64_t seed = 0; seed < 3 * kSchedules; ++seed) {
    std::mt19937_64 random(seed);
    ExactTable table(tiny(4, LimitAlgorithm::exact), 0);
    std::mutex mutex;
    std::vector<Ticks> records;
    std::vector<std::function<void()>> bodies;
    for (int thread = 0; thread < 3; ++thread) {
      std::vector<Ticks> times(1 + random() % 4);
      for (Ticks& now : times) now = kWindow + random() % 8 * kWindow / 4;
      bodies.emplace_back([&, times] {
        for (const Ticks now : times) {
          const Decision decision = table.check(7, now);
          const std::lock_guard lock(mutex);
          if (decision.allowed) records.push_back(now + static_cast<Ticks>(decision.reset.count()) - kWindow);
        }
      });
    }
    Interleaving(random(), 1 + random() % 5).run(bodies);
    std::sort(records.begin(), records.end());
    for (std::size_t i = kRequests; i < records.size(); ++i) {
      ASSERT_GE(records[i] - records[i - kRequests], kWindow) << "schedule " << seed;
    }
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
