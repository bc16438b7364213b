#include "retrieval/top_chunks.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/index_fixture.hpp"
#include "retrieval/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

namespace ragd::retrieval {
namespace {

using Ranking = std::vector<std::pair<std::string, double>>;  ///< chunk id, score

/// Words as rare as those of a language: the n-th is n times rarer than the first.
class Words {
 public:
  explicit Words(unsigned seed) : random_(seed) {
    std::vector<double> weights;
    for (int n = 1; n <= kCount; ++n) weights.push_back(1.0 / n);
    pick_ = std::discrete_distribution<int>(weights.begin(), weights.end());
  }
  std::string text(int words) {
    std::string text;
    for (int i = 0; i < words; ++i) text += "w" + std::to_string(pick_(random_)) + "x ";
    return text;
  }
  int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  static constexpr int kCount = 300;

 private:
  std::mt19937 random_;
  std::discrete_distribution<int> pick_;
};

DocumentPtr random_document(Words& words, int number) {
  std::string text;
  for (int line = words.number(1, 8); line > 0; --line) text += words.text(words.number(1, 30)) + "\n";
  return make_document("d" + std::to_string(number), text, "", words.number(0, 3) == 0 ? R"({"k":1})" : "{}");
}

/// Segments of very different average lengths would be rare by chance: the second's chunks are four times as long.
SnapshotPtr random_snapshot(Words& words) {
  std::vector<DocumentPtr> documents;
  documents.reserve(1500);
  for (int i = 0; i < 1500; ++i) documents.push_back(random_document(words, i));
  auto snapshot = std::make_shared<const Snapshot>("v-1", std::move(documents));
  std::vector<DocumentPtr> longer;
  longer.reserve(200);
  for (int i = 1400; i < 1600; ++i) longer.push_back(make_document("d" + std::to_string(i), words.text(120)));
  std::vector<std::string> erased;
  for (int i = 0; i < 1400; i += 9) erased.push_back("d" + std::to_string(i));
  return snapshot->with("v-2", std::move(longer), erased);
}

/// Every live chunk scored, as if there were no bounds.
Ranking score_all(const Snapshot& snapshot, const Retrieved& asked, const std::map<std::string, double>& multiplicity,
                  const Filter& filter, std::size_t top_k, double min_score) {
  double attainable = 0;
  for (const QueryTerm& term : asked.terms) attainable += term.weight * multiplicity.at(term.stem) * (kK1 + 1);
  using Scored = std::tuple<double, std::string, std::size_t>;
  std::vector<Scored> all;
  for (const SegmentView& view : snapshot.segments()) {
    const Segment& segment = *view.segment;
    std::vector<double> sums(segment.chunks(), 0);
    for (const QueryTerm& term : asked.terms) {
      const Postings postings = segment.postings(term.stem);
      for (std::size_t i = 0; i < postings.chunks.size(); ++i) {
        const std::uint32_t chunk = postings.chunks[i];
        sums[chunk] += term_score(term.weight * multiplicity.at(term.stem), postings.frequencies[i],
                                  segment.length_of(chunk) / snapshot.average_length());
      }
    }
    for (std::uint32_t chunk = 0; chunk < sums.size(); ++chunk) {
      const std::uint32_t position = segment.document_of(chunk);
      const IndexedDocument& indexed = segment.document(position);
      const double score = sums[chunk] / attainable;
      if (sums[chunk] == 0 || score < min_score || view.is_dead(position) || !matches(filter, indexed.metadata))
        continue;
      all.emplace_back(-score, indexed.document.id, chunk - segment.first_chunk(position));
    }
  }
  std::sort(all.begin(), all.end());
  if (all.size() > top_k) all.resize(top_k);
  Ranking ranking;
  for (const auto& [score, id, ordinal] : all) ranking.emplace_back(id + "#" + std::to_string(ordinal), -score);
  return ranking;
}

Ranking ranking_of(const Retrieved& retrieved) {
  Ranking ranking;
  for (const Passage& passage : retrieved.passages) ranking.emplace_back(passage.chunk_id, passage.score);
  return ranking;
}

TEST(TopChunks, AreBitForBitThoseOfScoringEveryChunk) {
  Words words(1);
  const SnapshotPtr snapshot = random_snapshot(words);
  ASSERT_GE(snapshot->segments().size(), 2U);
  ASSERT_GT(snapshot->segments().back().segment->chunks(), 5000U);  // several windows
  const Filter tagged = {{"k", {MetadataValue(1.0)}, std::nullopt, std::nullopt}};
  for (int round = 0; round < 300; ++round) {
    const std::string query = words.text(words.number(1, 12));
    std::map<std::string, double> multiplicity;
    for (std::size_t at = 0; at < query.size(); at = query.find(' ', at) + 1) {
      multiplicity[query.substr(at, query.find(' ', at) - at)] += 1;
    }
    const auto top_k = static_cast<std::size_t>(words.number(1, 60));
    const double min_score = round % 3 == 0 ? 0.2 : 0;
    const Filter filter = round % 4 == 0 ? tagged : Filter{};
    const Retrieved found = Search(snapshot, query).run(top_k, min_score, filter);
    ASSERT_EQ(ranking_of(found), score_all(*snapshot, found, multiplicity, filter, top_k, min_score)) << query;
  }
}

TEST(TopChunks, KeepTheFirstOfManyEqualOnes) {
  std::vector<DocumentPtr> documents;
  documents.reserve(3000);
  for (int i = 0; i < 3000; ++i) documents.push_back(make_document("d" + std::to_string(10000 + i), "zebra lion"));
  const auto snapshot = std::make_shared<const Snapshot>("v-1", std::move(documents));
  const auto more = snapshot->with("v-2", {make_document("a", "zebra lion")}, {});
  ASSERT_EQ(more->segments().size(), 2U);
  const Retrieved found = Search(more, "zebra lion").run(3, 0, {});
  ASSERT_EQ(found.passages.size(), 3U);
  EXPECT_EQ(found.passages[0].chunk_id, "a#0");
  EXPECT_EQ(found.passages[1].chunk_id, "d10000#0");
  EXPECT_EQ(found.passages[2].chunk_id, "d10001#0");
}

TEST(TopChunks, BoundsHoldForEveryPostingOfTheirTerm) {
  Words words(2);
  const SnapshotPtr snapshot = random_snapshot(words);
  for (const SegmentView& view : snapshot->segments()) {
    const Segment& segment = *view.segment;
    for (int n = 0; n < Words::kCount; ++n) {
      const Postings postings = segment.postings("w" + std::to_string(n) + "x");
      for (std::size_t i = 0; i < postings.chunks.size(); ++i) {
        const double length = segment.length_of(postings.chunks[i]) / segment.average_length();
        EXPECT_LE(term_score(1 / (kK1 + 1), postings.frequencies[i], length), postings.bound);
      }
    }
  }
}

}  // namespace
}  // namespace ragd::retrieval
