// What counting costs: everything that one cached query records, and single updates, by number of threads.
//
// Against what anyone would write first, one mutex around maps from series to number, and against prometheus-cpp where
// it is installed, its metrics looked up once beforehand as its manual advises. All three count the same: two gauge
// steps, four counters, six histograms, twelve updates a query.
#include "company.hpp"
#include "obs/metrics.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#ifdef RAGD_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#endif

namespace ragd::obs {
namespace {

/// Seconds that one cached query may have taken, in all and by stage.
struct Query {
  double total;
  double parse;
  double lookup;
  double serialize;
};
constexpr std::array<Query, 8> kQueries = {{{3.1e-5, 1.2e-6, 0.6e-6, 1.1e-6},
                                            {4.7e-4, 0.9e-6, 0.7e-6, 2.3e-6},
                                            {2.2e-5, 1.0e-6, 3.6e-6, 1.0e-6},
                                            {1.1e-3, 5.2e-5, 0.6e-6, 1.4e-6},
                                            {2.9e-5, 1.2e-6, 2.6e-4, 0.9e-6},
                                            {6.4e-5, 1.9e-6, 0.4e-6, 7.1e-5},
                                            {1.2e-2, 1.1e-6, 0.5e-6, 1.0e-6},
                                            {3.3e-5, 8.2e-6, 0.6e-6, 1.1e-6}}};

/// What src/api and src/rag record for a query answered from the cache.
class Ours {
 public:
  void begin() { metrics_.in_flight.add(1); }
  void finish(const Query& query) {
    metrics_.stage_duration.observe(Stage::parse, query.parse);
    metrics_.stage_duration.observe(Stage::cache_lookup, query.lookup);
    metrics_.cache_requests.add(CacheResult::hit);
    metrics_.cache_hits.add();
    metrics_.stage_duration.observe(Stage::serialize, query.serialize);
    count_answer();
    metrics_.http_duration.observe(RouteClass::query, query.total);
    metrics_.queries.add(Outcome::cached);
    metrics_.query_duration.observe(query.total);
    metrics_.overhead.observe(query.total);
    metrics_.in_flight.add(-1);
  }

 protected:
  void count_answer() { metrics_.http_requests.add(endpoint_, 200); }

  Metrics metrics_;
  HttpRequestCounter::Endpoint endpoint_{"/query", "POST"};
};

class PlainMaps {
 public:
  void begin() { add("in_flight", 1); }
  void finish(const Query& query) {
    observe("stage_duration{parse}", query.parse);
    observe("stage_duration{cache_lookup}", query.lookup);
    add("cache_requests{hit}", 1);
    add("cache_hits", 1);
    observe("stage_duration{serialize}", query.serialize);
    add("http_requests{/query,POST,200}", 1);
    observe("http_duration{query}", query.total);
    add("queries{cached}", 1);
    observe("query_duration", query.total);
    observe("overhead", query.total);
    add("in_flight", -1);
  }

 private:
  struct Histogram {
    std::array<std::size_t, 16> buckets{};
    double sum = 0;
  };

  void add(std::string_view series, double n) {
    const std::lock_guard lock(mutex_);
    numbers_.try_emplace(std::string(series), 0).first->second += n;
  }
  void observe(std::string_view series, double value) {
    static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                           0.5,   1.0,    2.0,   5.0,  10.0,  30.0, 60.0};
    const std::lock_guard lock(mutex_);
    Histogram& histogram = histograms_[std::string(series)];
    ++histogram.buckets.at(
        static_cast<std::size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), value) - kBounds.begin()));
    histogram.sum += value;
  }

  std::mutex mutex_;
  std::map<std::string, double> numbers_;
  std::map<std::string, Histogram> histograms_;
};

#ifdef RAGD_PROMETHEUS_CPP
class PrometheusCpp {
 public:
  void begin() { in_flight_.Increment(); }
  void finish(const Query& query) {
    parse_.Observe(query.parse);
    lookup_.Observe(query.lookup);
    cache_requests_.Increment();
    cache_hits_.Increment();
    serialize_.Observe(query.serialize);
    http_requests_.Increment();
    http_duration_.Observe(query.total);
    queries_.Increment();
    query_duration_.Observe(query.total);
    overhead_.Observe(query.total);
    in_flight_.Decrement();
  }

 private:
  using Histogram = prometheus::Histogram;

  prometheus::Counter& counter(const std::string& name, const prometheus::Labels& labels = {}) {
    return prometheus::BuildCounter().Name(name).Register(registry_).Add(labels);
  }
  Histogram& histogram(const std::string& name, const prometheus::Labels& labels = {}) {
    static const Histogram::BucketBoundaries bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                       0.5,   1.0,    2.0,   5.0,  10.0,  30.0, 60.0};
    return prometheus::BuildHistogram().Name(name).Register(registry_).Add(labels, bounds);
  }

  prometheus::Registry registry_;
  prometheus::Gauge& in_flight_ = prometheus::BuildGauge().Name("in_flight").Register(registry_).Add({});
  prometheus::Counter& queries_ = counter("queries_total", {{"status", "cached"}});
  prometheus::Counter& cache_requests_ = counter("cache_requests_total", {{"result", "hit"}});
  prometheus::Counter& cache_hits_ = counter("cache_hits_total");
  prometheus::Counter& http_requests_ =
      counter("http_requests_total", {{"route", "/query"}, {"method", "POST"}, {"code", "200"}});
  Histogram& parse_ = histogram("stage_duration", {{"stage", "parse"}});
  Histogram& lookup_ = histogram("stage_duration", {{"stage", "cache_lookup"}});
  Histogram& serialize_ = histogram("stage_duration", {{"stage", "serialize"}});
  Histogram& http_duration_ = histogram("http_duration", {{"class", "query"}});
  Histogram& query_duration_ = histogram("query_duration");
  Histogram& overhead_ = histogram("overhead");
};
#endif

template <class Metrics>
void cached_query(benchmark::State& state) {
  static Metrics metrics;
  bench::keep_company();
  std::size_t turn = 0;
  for (auto _ : state) {
    metrics.begin();
    metrics.finish(kQueries[turn]);
    turn = (turn + 1) % kQueries.size();
  }
}
BENCHMARK(cached_query<Ours>)->ThreadRange(1, 8);
BENCHMARK(cached_query<PlainMaps>)->ThreadRange(1, 8);
#ifdef RAGD_PROMETHEUS_CPP
BENCHMARK(cached_query<PrometheusCpp>)->ThreadRange(1, 8);
#endif

void counter(benchmark::State& state) {
  static Counter counter;
  for (auto _ : state) counter.add();
}
BENCHMARK(counter)->ThreadRange(1, 8);

void histogram(benchmark::State& state) {
  static Metrics metrics;
  std::size_t turn = 0;
  for (auto _ : state) {
    metrics.query_duration.observe(kQueries[turn].total);
    turn = (turn + 1) % kQueries.size();
  }
}
BENCHMARK(histogram)->ThreadRange(1, 8);

void http_request_by_endpoint(benchmark::State& state) {
  static HttpRequestCounter requests;
  static HttpRequestCounter::Endpoint endpoint("/query", "POST");
  for (auto _ : state) requests.add(endpoint, 200);
}
BENCHMARK(http_request_by_endpoint);

void http_request_by_name(benchmark::State& state) {
  static HttpRequestCounter requests;
  std::string_view route = "/query";
  for (auto _ : state) {
    benchmark::DoNotOptimize(route);
    requests.add(route, "POST", 200);
  }
}
BENCHMARK(http_request_by_name);

void scrape(benchmark::State& state) {
  const Metrics metrics;
  for (auto _ : state) benchmark::DoNotOptimize(metrics.text());
}
BENCHMARK(scrape)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ragd::obs
