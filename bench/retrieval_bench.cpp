// What finding the best five passages costs, by number of chunks: made-up prose whose words are as unevenly spread as
// real ones (Zipf), questions of three words, a common, a middling and a rare one.
//
// Against exhaustive scoring: the same BM25 over every chunk's words, counted beforehand, no index. Both analyse the
// question, neither reads the passages.
#include "base/analyzer.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/index_fixture.hpp"
#include "retrieval/search.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ragd::retrieval {
namespace {

constexpr std::size_t kWords = 20'000;
constexpr std::size_t kWordsPerChunk = 80;
constexpr std::size_t kChunksPerDocument = 10;
constexpr std::size_t kTopK = 5;

/// No two alike, of letters, without an ending that a stemmer would take for one.
std::string word(std::size_t rank) {
  std::string text = "z";
  for (std::size_t rest = rank + 26; rest > 0; rest /= 20) text += "bcdfghjklmnpqrtvwxyz"[rest % 20];
  return text + "o";
}

class Prose {
 public:
  std::string chunk() {
    std::string text;
    for (std::size_t i = 0; i < kWordsPerChunk; ++i) text += word(zipf()) + ' ';
    return text;
  }

 private:
  std::size_t zipf() {  // ranks as if drawn with probability proportional to 1 / rank
    const double drawn = std::pow(static_cast<double>(kWords), std::uniform_real_distribution(0.0, 1.0)(random_));
    return static_cast<std::size_t>(drawn) - 1;
  }
  std::mt19937_64 random_{1};
};

struct Corpus {
  SnapshotPtr snapshot;
  std::vector<std::unordered_map<std::string, std::uint32_t>> counts;  // by chunk
};

const Corpus& corpus_of(std::size_t chunks) {
  static std::map<std::size_t, Corpus> corpora;
  Corpus& corpus = corpora[chunks];
  if (corpus.snapshot != nullptr) return corpus;
  Prose prose;
  std::vector<store::StoredDocument> documents;
  for (std::size_t d = 0; d < chunks / kChunksPerDocument; ++d) {
    std::string text;
    for (std::size_t c = 0; c < kChunksPerDocument; ++c) {
      const std::string chunk = prose.chunk();
      auto& counts = corpus.counts.emplace_back();
      for (const base::Term& term : base::analyze(chunk, base::TermUse::query)) ++counts[term.stem];
      text += chunk + '\n';
    }
    documents.push_back(make_document("document-" + std::to_string(d), text));
  }
  corpus.snapshot = built(documents);
  return corpus;
}

std::string question(std::size_t turn) {
  return word(5 + turn % 20) + ' ' + word(200 + turn % 300) + ' ' + word(5'000 + turn % 5'000);
}

void index_search(benchmark::State& state) {
  const Corpus& corpus = corpus_of(static_cast<std::size_t>(state.range(0)));
  std::size_t turn = 0;
  for (auto _ : state) {
    const Search search(corpus.snapshot, question(turn++), {});
    benchmark::DoNotOptimize(search.run(kTopK, 0.0, {}));
  }
}
BENCHMARK(index_search)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

void exhaustive(benchmark::State& state) {
  const Corpus& corpus = corpus_of(static_cast<std::size_t>(state.range(0)));
  const auto chunks = static_cast<double>(corpus.counts.size());
  const TermScore term_score({}, kWordsPerChunk);  // all chunks are of one length
  std::size_t turn = 0;
  for (auto _ : state) {
    std::vector<std::pair<double, std::size_t>> scores(corpus.counts.size());
    for (std::size_t c = 0; c < scores.size(); ++c) scores[c].second = c;
    for (const base::Term& term : base::analyze(question(turn++), base::TermUse::query)) {
      std::vector<std::pair<std::size_t, double>> holding;
      for (std::size_t c = 0; c < corpus.counts.size(); ++c) {
        const auto found = corpus.counts[c].find(term.stem);
        if (found != corpus.counts[c].end()) holding.emplace_back(c, found->second);
      }
      const auto df = static_cast<double>(holding.size());
      const double idf = std::log(1 + (chunks - df + 0.5) / (df + 0.5));
      for (const auto& [chunk, frequency] : holding) {
        scores[chunk].first += idf * term_score(frequency, kWordsPerChunk);
      }
    }
    std::partial_sort(scores.begin(), scores.begin() + kTopK, scores.end(), std::greater<>());
    benchmark::DoNotOptimize(scores.data());
  }
}
BENCHMARK(exhaustive)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ragd::retrieval
