// What a search by vectors costs: comparing all of 50,000, where the graph begins, against the loop one writes at
// first; and the search of a graph over as many, which takes most of a minute to build.
#include "retrieval/nearest_chunks.hpp"
#include "retrieval/segment_vectors.hpp"
#include "retrieval/vector_fixture.hpp"
#include "retrieval/vectors.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ragd::retrieval {
namespace {

constexpr std::size_t kChunks = kGraphRows;
constexpr std::size_t kDimension = 384;

VectorSource clustered(std::size_t dimension) {
  return {1, dimension, 500, 1};
}

void BM_Scan(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  VectorSource source = clustered(dimension);
  const SegmentPtr segment = segment_of_vectors({one_document(source, kChunks)}, kChunks + 1);
  const std::vector<float> query = source.next();
  for (auto _ : state) benchmark::DoNotOptimize(segment->vectors().nearest(query, 10, nullptr));
}
BENCHMARK(BM_Scan)->Arg(384)->Arg(1024)->Unit(benchmark::kMillisecond);

void BM_PlainLoop(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  VectorSource source = clustered(dimension);
  const std::vector<float> vectors = source.several(kChunks);
  const std::vector<float> query = source.next();
  for (auto _ : state) {
    NearestChunks nearest(10);
    for (std::uint32_t chunk = 0; chunk < kChunks; ++chunk) {
      float sum = 0;
      for (std::size_t i = 0; i < dimension; ++i) sum += vectors[chunk * dimension + i] * query[i];
      nearest.offer({sum, chunk});
    }
    benchmark::DoNotOptimize(std::move(nearest).sorted(10));
  }
}
BENCHMARK(BM_PlainLoop)->Arg(384)->Arg(1024)->Unit(benchmark::kMillisecond);

void BM_Graph(benchmark::State& state) {
  static VectorSource source = clustered(kDimension);
  static const SegmentPtr segment = segment_of_vectors({one_document(source, kChunks)});
  const double allowed_share = static_cast<double>(state.range(0)) / 100;
  const Bitmap allowed = source.some(kChunks, allowed_share);
  std::vector<std::vector<float>> queries;
  for (int i = 0; i < 100; ++i) queries.push_back(source.next());
  std::size_t next = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(segment->vectors().nearest(queries[next++ % queries.size()], 10, &allowed));
}
BENCHMARK(BM_Graph)->ArgName("allowed_percent")->Arg(100)->Arg(50)->Arg(10)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ragd::retrieval
