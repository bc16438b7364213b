// What it costs to make the key an answer is found by, with and without case folding and a filter.
//
// Against joining the same parts with a separator, which lets fields run into each other, knows no equal filters, and
// neither normalises nor folds: what is left of the difference is the price of being right.
#include "base/hash.hpp"
#include "rag/cache_key.hpp"

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <string_view>

namespace ragd::rag {
namespace {

constexpr std::string_view kQuestion = "How long does a cached answer stay valid, and who decides?";
constexpr std::string_view kAccented = "Où sont gardées les réponses, et qui décide de leur durée ?";
constexpr std::string_view kRetrieval = "embedded:bm25:k1=1.2:b=0.75:min_score=0.15";
constexpr std::string_view kAnswerer = "extractive:sentences=3";

KeyParts parts_of(std::string_view question, bool fold_case, const Filter& filter) {
  return {"default", question, fold_case, 5, filter, kRetrieval, kAnswerer, "extractive"};
}

Filter two_conditions() {
  Filter filter(2);
  filter[0].field = "language";
  filter[0].any_of = {std::string("en"), std::string("de")};
  filter[1].field = "year";
  filter[1].gte = 2020.0;
  return filter;
}

void key(benchmark::State& state) {
  const Filter none;
  for (auto _ : state) benchmark::DoNotOptimize(make_cache_key(parts_of(kQuestion, false, none)));
}
BENCHMARK(key);

void key_folded(benchmark::State& state) {
  const Filter none;
  for (auto _ : state) benchmark::DoNotOptimize(make_cache_key(parts_of(kQuestion, true, none)));
}
BENCHMARK(key_folded);

void key_folded_accented(benchmark::State& state) {
  const Filter none;
  for (auto _ : state) benchmark::DoNotOptimize(make_cache_key(parts_of(kAccented, true, none)));
}
BENCHMARK(key_folded_accented);

void key_filtered(benchmark::State& state) {
  const Filter filter = two_conditions();
  for (auto _ : state) benchmark::DoNotOptimize(make_cache_key(parts_of(kQuestion, false, filter)));
}
BENCHMARK(key_filtered);

void normalisation(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(normalise(kQuestion));
}
BENCHMARK(normalisation);

void normalisation_accented(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(normalise(kAccented));
}
BENCHMARK(normalisation_accented);

void concatenation(benchmark::State& state) {
  for (auto _ : state) {
    const std::string joined = std::string("default") + "|" + std::string(kQuestion) + "|" + std::to_string(5) + "|" +
                               std::string(kRetrieval) + "|" + std::string(kAnswerer) + "|" + "extractive";
    benchmark::DoNotOptimize(std::hash<std::string>{}(joined));
  }
}
BENCHMARK(concatenation);

}  // namespace
}  // namespace ragd::rag
