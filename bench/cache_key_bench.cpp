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

/// Makes the key of one question again and again, in the same memory, as a connection does.
void make_keys(benchmark::State& state, std::string_view question, bool fold_case, const Filter& filter) {
  const std::string answerers = key_of_answerers(kRetrieval, kAnswerer, "extractive");
  CacheKey key;
  for (auto _ : state) {
    make_cache_key({"default", question, fold_case, 5, filter, answerers}, key);
    benchmark::DoNotOptimize(key.hash);
  }
}

void make_normal(benchmark::State& state, std::string_view question) {
  std::string normal;
  for (auto _ : state) {
    normalise(question, normal);
    benchmark::DoNotOptimize(normal.data());
  }
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
  make_keys(state, kQuestion, false, {});
}
BENCHMARK(key);

void key_folded(benchmark::State& state) {
  make_keys(state, kQuestion, true, {});
}
BENCHMARK(key_folded);

void key_folded_accented(benchmark::State& state) {
  make_keys(state, kAccented, true, {});
}
BENCHMARK(key_folded_accented);

void key_filtered(benchmark::State& state) {
  make_keys(state, kQuestion, false, two_conditions());
}
BENCHMARK(key_filtered);

void normalisation(benchmark::State& state) {
  make_normal(state, kQuestion);
}
BENCHMARK(normalisation);

void normalisation_accented(benchmark::State& state) {
  make_normal(state, kAccented);
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
