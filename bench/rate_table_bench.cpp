// What one check of the rate limit costs: alone, on two threads, with clients hot in the cache and not, when refused,
// and when the table is full.
#include "limit/rate_table.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ragd::limit {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

RateLimitSettings settings_of(LimitAlgorithm algorithm, std::size_t max_clients) {
  RateLimitSettings settings;
  settings.window = 60ms;
  settings.algorithm = algorithm;
  settings.max_clients = max_clients;
  return settings;
}

/// Time only moves on, also from one run of a benchmark to the next.
SteadyTime next_start() {
  static std::atomic<int> runs{0};
  return kStart + runs.fetch_add(1) * 24h;
}

/// `clients` take turns, each asking once a millisecond of its own time: all are allowed.
void run_allowed(benchmark::State& state, RateTable& table) {
  const SteadyTime start = next_start();
  const auto clients = static_cast<std::uint64_t>(state.range(0));
  const auto thread = static_cast<std::uint64_t>(state.thread_index());
  std::uint64_t turn = 0;
  for (auto _ : state) {
    const std::uint64_t client = turn % clients;
    benchmark::DoNotOptimize(table.check(client * 64 + thread, start + (turn / clients) * 1ms));
    ++turn;
  }
}

void exact_allowed(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact, 65'536));
  run_allowed(state, table);
}
BENCHMARK(exact_allowed)->Arg(1)->Arg(1'000)->Arg(30'000);
BENCHMARK(exact_allowed)->Arg(1'000)->Threads(2);

void gcra_allowed(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::gcra, 65'536));
  run_allowed(state, table);
}
BENCHMARK(gcra_allowed)->Arg(1)->Arg(1'000)->Arg(30'000);
BENCHMARK(gcra_allowed)->Arg(1'000)->Threads(2);

/// Both threads fight for one client; almost everything is refused.
void one_client(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact, 65'536));
  for (auto _ : state) benchmark::DoNotOptimize(table.check(7, kStart));
}
BENCHMARK(one_client);
BENCHMARK(one_client)->Threads(2);

/// Each client is new and finds its group full of clients that are not idle.
void unknown_client_in_a_full_table(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact, 1'024));
  std::uint64_t client = 0;
  for (; client < 100'000; ++client) table.check(client, kStart);
  for (auto _ : state) benchmark::DoNotOptimize(table.check(client++, kStart));
}
BENCHMARK(unknown_client_in_a_full_table);

/// Each client is new and takes the way of an idle one.
void new_client_in_place_of_an_idle_one(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact, 65'536));
  const SteadyTime start = next_start();
  std::uint64_t client = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.check(client, start + client * 2us));
    ++client;
  }
}
BENCHMARK(new_client_in_place_of_an_idle_one);

}  // namespace
}  // namespace ragd::limit
