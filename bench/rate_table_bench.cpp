// What one check of the rate limit costs, the clock not counted: exact window and gcra, by number of clients and
// threads, when allowed, when refused, when the table is full.
//
// Against what anyone would write first: one mutex around an unordered_map of sliding logs (the list of admission times
// of the challenge) for `exact`, of theoretical arrival times for `gcra`. Compare CPU time: a thread that sleeps on a
// mutex has a wall time but does no work.
#include "company.hpp"
#include "limit/rate_table.hpp"
#include "limit/sliding_log.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace ragd::limit {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRequests = 60;
constexpr auto kWindow = 60ms;
constexpr std::size_t kMaxClients = 65'536;

RateLimitSettings settings_of(LimitAlgorithm algorithm, std::size_t max_clients = kMaxClients) {
  RateLimitSettings settings;
  settings.requests = kRequests;
  settings.window = kWindow;
  settings.algorithm = algorithm;
  settings.max_clients = max_clients;
  return settings;
}

struct Exact {
  RateTable table{settings_of(LimitAlgorithm::exact)};
  bool check(std::uint64_t client, SteadyTime now) { return table.check(client, now).allowed; }
};

struct Gcra {
  RateTable table{settings_of(LimitAlgorithm::gcra)};
  bool check(std::uint64_t client, SteadyTime now) { return table.check(client, now).allowed; }
};

class PlainExact {
 public:
  bool check(std::uint64_t client, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    return logs_.try_emplace(client, kRequests, kWindow).first->second.check(now);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, SlidingLog> logs_;
};

class PlainGcra {
 public:
  bool check(std::uint64_t client, SteadyTime now) {
    constexpr auto kInterval = std::chrono::nanoseconds(kWindow) / kRequests;
    const std::lock_guard lock(mutex_);
    SteadyTime& arrival = arrivals_[client];
    if (arrival > now + kInterval * (kRequests - 1)) return false;
    arrival = std::max(arrival, now) + kInterval;
    return true;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, SteadyTime> arrivals_;
};

/// Time only moves on, also from one run of a benchmark to the next; the threads of a run begin together.
std::atomic<int> run{0};
void next_run(const benchmark::State&) {
  run.fetch_add(1);
}
SteadyTime start_of_run() {
  return SteadyTime{} + run.load() * 24h;
}

/// All threads ask for clients drawn from the same ones. Each client comes about once in `pause` of a thread's time.
template <class Limiter>
void ask_at_random(benchmark::State& state, std::chrono::nanoseconds pause) {
  static Limiter limiter;
  bench::keep_company();
  const auto clients = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t random = 1 + static_cast<std::uint64_t>(state.thread_index());
  SteadyTime now = start_of_run();
  std::uint64_t left_in_round = clients;
  std::uint64_t allowed = 0;
  for (auto _ : state) {
    random = random * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;  // Knuth's MMIX
    const std::uint64_t client = (random >> 32U) * clients >> 32U;
    allowed += limiter.check(client, now) ? 1U : 0U;
    if (--left_in_round == 0) {
      left_in_round = clients;
      now += pause;
    }
  }
  // Of threads that go at different speeds the slower one's times are late, and late requests are refused more often.
  state.counters["allowed"] = benchmark::Counter(static_cast<double>(allowed) / static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kAvgThreads);
}

/// Within the limit: almost everything is allowed.
template <class Limiter>
void allowed(benchmark::State& state) {
  ask_at_random<Limiter>(state, std::chrono::nanoseconds(kWindow) / kRequests * state.threads());
}

/// Far above the limit: almost everything is refused.
template <class Limiter>
void refused(benchmark::State& state) {
  ask_at_random<Limiter>(state, 0ns);
}

void one_thread(benchmark::internal::Benchmark* bench) {
  bench->Setup(next_run)->Arg(1)->Arg(1'000)->Arg(50'000);
}

void many_threads(benchmark::internal::Benchmark* bench) {
  bench->Setup(next_run)->Arg(1)->Arg(50'000)->Threads(2)->Threads(4)->Threads(8);
}

void one_client(benchmark::internal::Benchmark* bench) {
  bench->Setup(next_run)->Arg(1)->ThreadRange(1, 8);
}

BENCHMARK(allowed<Exact>)->Apply(one_thread);
BENCHMARK(allowed<PlainExact>)->Apply(one_thread);
BENCHMARK(allowed<Gcra>)->Apply(one_thread);
BENCHMARK(allowed<PlainGcra>)->Apply(one_thread);
BENCHMARK(allowed<Exact>)->Apply(many_threads);
BENCHMARK(allowed<PlainExact>)->Apply(many_threads);
BENCHMARK(allowed<Gcra>)->Apply(many_threads);
BENCHMARK(allowed<PlainGcra>)->Apply(many_threads);

BENCHMARK(refused<Exact>)->Apply(one_client);
BENCHMARK(refused<PlainExact>)->Apply(one_client);
BENCHMARK(refused<Gcra>)->Apply(one_client);
BENCHMARK(refused<PlainGcra>)->Apply(one_client);

/// Each client is new and finds its group full of clients that are not idle.
void unknown_client_in_a_full_table(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact, 1'024));
  const SteadyTime now = start_of_run();
  std::uint64_t client = 0;
  for (; client < 100'000; ++client) table.check(client, now);
  for (auto _ : state) benchmark::DoNotOptimize(table.check(client++, now));
}
BENCHMARK(unknown_client_in_a_full_table)->Setup(next_run);

/// Each client is new and takes the way of an idle one.
void new_client_in_place_of_an_idle_one(benchmark::State& state) {
  static RateTable table(settings_of(LimitAlgorithm::exact));
  const SteadyTime start = start_of_run();
  std::uint64_t client = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.check(client, start + client * 2us));
    ++client;
  }
}
BENCHMARK(new_client_in_place_of_an_idle_one)->Setup(next_run);

}  // namespace
}  // namespace ragd::limit
