#include "retrieval/top_chunks.hpp"

#include "retrieval/index_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

namespace ragd::retrieval {
namespace {

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

store::StoredDocument random_document(Words& words, int number) {
  std::string text;
  for (int line = words.number(1, 8); line > 0; --line) text += words.text(words.number(1, 30)) + "\n";
  return make_document("d" + std::to_string(number), text, "", words.number(0, 3) == 0 ? R"({"k":1})" : "{}");
}

/// Segments of very different average lengths would be rare by chance: the second's chunks are four times as long.
TestIndex random_index(Words& words) {
  TestIndex index;
  std::vector<store::StoredDocument> documents;
  for (int i = 0; i < 1500; ++i) documents.push_back(random_document(words, i));
  index.write(documents);
  std::vector<store::StoredDocument> longer;
  for (int i = 1400; i < 1600; ++i) longer.push_back(make_document("d" + std::to_string(i), words.text(120)));
  std::vector<std::string> erased;
  for (int i = 0; i < 1400; i += 9) erased.push_back("d" + std::to_string(i));
  index.write(longer, erased);
  return index;
}

bool has_k(const MapView& view, std::string_view id) {
  return view.documents.at(std::string(id)).document.metadata_json != "{}";
}

/// Every live chunk scored, as if there were no bounds.
Scores score_all(const TestIndex& index, const Ranking& asked, const std::map<std::string, double>& multiplicity,
                 bool filtered, std::size_t top_k, double min_score, Bm25 parameters) {
  const TermScore term_score(parameters, index.snapshot->average_length());
  double attainable = 0;
  for (const QueryTerm& term : asked.terms) attainable += term.weight * multiplicity.at(term.stem);
  using Scored = std::tuple<double, std::string, std::size_t>;
  std::vector<Scored> all;
  DecodedBlock block;
  for (const SegmentView& view : index.snapshot->segments()) {
    const Segment& segment = *view.segment;
    std::vector<double> sums(segment.chunks(), 0);
    for (const QueryTerm& term : asked.terms) {
      const auto word = segment.words().find(term.stem);
      if (!word) continue;
      const Postings postings = segment.words().postings(*word);
      for (std::size_t b = 0; b < postings.block_count(); ++b) {
        postings.decode(b, block);
        for (std::size_t i = 0; i < block.size; ++i) {
          const std::uint32_t chunk = block.holders[i];
          sums[chunk] +=
              term.weight * multiplicity.at(term.stem) * term_score(block.frequencies[i], segment.lengths()[chunk]);
        }
      }
    }
    for (std::uint32_t chunk = 0; chunk < sums.size(); ++chunk) {
      const std::uint32_t document = segment.document_of(chunk);
      const double score = sums[chunk] / attainable;
      if (sums[chunk] == 0 || score < min_score || view.is_dead(document)) continue;
      if (filtered && !has_k(index.view, segment.id(document))) continue;
      all.emplace_back(-score, segment.id(document), chunk - segment.first_chunk(document));
    }
  }
  std::sort(all.begin(), all.end());
  if (all.size() > top_k) all.resize(top_k);
  Scores scores;
  for (const auto& [score, id, ordinal] : all) scores.emplace_back(id + "#" + std::to_string(ordinal), -score);
  return scores;
}

TEST(TopChunks, AreBitForBitThoseOfScoringEveryChunk) {
  Words words(1);
  const TestIndex index = random_index(words);
  ASSERT_GE(index.snapshot->segments().size(), 2U);
  ASSERT_GT(index.snapshot->segments().front().segment->chunks(), 5000U);  // several windows
  const Filter tagged = {{"k", {MetadataValue(1.0)}, std::nullopt, std::nullopt}};
  for (int round = 0; round < 400; ++round) {
    const std::string query = words.text(words.number(1, 12));
    std::map<std::string, double> multiplicity;
    for (std::size_t at = 0; at < query.size(); at = query.find(' ', at) + 1) {
      multiplicity[query.substr(at, query.find(' ', at) - at)] += 1;
    }
    const auto top_k = static_cast<std::size_t>(words.number(1, 60));
    const double min_score = round % 3 == 0 ? 0.2 : 0;
    const bool filtered = round % 4 == 0;
    const Bm25 parameters = round % 5 == 0 ? Bm25{0.9, 0.4} : Bm25{};
    const Search search(index.snapshot, query, parameters);
    const Ranking found = search.run(top_k, min_score, filtered ? tagged : Filter{});
    ASSERT_EQ(scores_of(found), score_all(index, found, multiplicity, filtered, top_k, min_score, parameters)) << query;
  }
}

TEST(TopChunks, KeepTheFirstOfManyEqualOnes) {
  TestIndex index;
  std::vector<store::StoredDocument> documents;
  for (int i = 0; i < 3000; ++i) documents.push_back(make_document("d" + std::to_string(10000 + i), "zebra lion"));
  index.write(documents);
  index.write({make_document("a", "zebra lion")});
  ASSERT_EQ(index.snapshot->segments().size(), 2U);
  const Ranking found = Search(index.snapshot, "zebra lion", {}).run(3, 0, {});
  ASSERT_EQ(found.chunks.size(), 3U);
  EXPECT_EQ(chunk_id(found.chunks[0]), "a#0");
  EXPECT_EQ(chunk_id(found.chunks[1]), "d10000#0");
  EXPECT_EQ(chunk_id(found.chunks[2]), "d10001#0");
}

/// A bound that is too low loses results, which the first test sees; one that is too high loses only time: this sees
/// it.
TEST(TermCursor, BoundsAWindowByWhatItsBlocksHold) {
  std::vector<store::StoredDocument> documents;
  for (int i = 0; i < 1000; ++i) {
    const bool strong = i >= 900;
    documents.push_back(
        make_document("d" + std::to_string(1000 + i), strong ? "zebra zebra zebra zebra" : "zebra a1 b1 c1"));
  }
  const SegmentPtr segment = Segment::build(indexed(documents));
  const TermScore score({}, 4);
  const WeightedPostings term{segment->words().postings(*segment->words().find("zebra")), 2.0};
  TermCursor cursor(term, score, segment->lengths());
  EXPECT_EQ(cursor.skip_to(0), 0U);
  EXPECT_DOUBLE_EQ(cursor.bound(500), 2.0 * score(1, 4));
  EXPECT_EQ(cursor.skip_to(950), 950U);
  EXPECT_DOUBLE_EQ(cursor.bound(1000), 2.0 * score(4, 4));
  EXPECT_DOUBLE_EQ(cursor.look_up(10), 2.0 * score(1, 4));
  EXPECT_EQ(cursor.skip_to(1000), TermCursor::kEnd);
}

}  // namespace
}  // namespace ragd::retrieval
