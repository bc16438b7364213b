#include "retrieval/search.hpp"

#include "retrieval/index_fixture.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ragd::retrieval {
namespace {

/// The index lives as long as the ranking is looked at.
Ranking search(const SnapshotPtr& index, const std::string& query, std::size_t top_k = 10, const Filter& filter = {},
               double min_score = 0) {
  return Search(index, query, {}).run(top_k, min_score, filter);
}

std::vector<std::string> chunk_ids(const Ranking& ranking) {
  std::vector<std::string> ids;
  for (const RankedChunk& ranked : ranking.chunks) ids.push_back(chunk_id(ranked));
  return ids;
}

TEST(Search, FindsNothingInAnEmptyIndex) {
  const Ranking found = search(built({}), "zebra");
  EXPECT_TRUE(found.chunks.empty());
  ASSERT_EQ(found.terms.size(), 1U);
  EXPECT_GT(found.terms[0].weight, 0);
}

TEST(Search, ScoresByTheFormula) {
  // Two chunks of 3 and 1 words: N 2, avgdl 2.
  const auto index = built({make_document("a", "zebra zebra lion"), make_document("b", "tiger")});
  const Ranking found = search(index, "zebra");
  ASSERT_EQ(found.chunks.size(), 1U);
  const double tf = 2;
  const double part = tf / (tf + 1.2 * (1 - 0.75 + 0.75 * 3.0 / 2.0));
  EXPECT_DOUBLE_EQ(found.chunks[0].score, part);
  EXPECT_DOUBLE_EQ(found.terms[0].weight, std::log(1 + (2 - 1 + 0.5) / (1 + 0.5)));
}

TEST(Search, CountsATitleWordTwiceAndAHeadingWordOnce) {
  store::StoredDocument titled = make_document("t", "lion", "zebra");
  titled.chunks[0].heading = "zebra";
  const auto with_title = built({titled, make_document("x", "tiger")});
  const auto spelled_out = built({make_document("t", "lion zebra zebra zebra"), make_document("x", "tiger")});
  EXPECT_DOUBLE_EQ(search(with_title, "zebra").chunks.at(0).score, search(spelled_out, "zebra").chunks.at(0).score);
}

TEST(Search, TakesTheParametersItIsGiven) {
  const auto index = built({make_document("a", "zebra zebra lion"), make_document("b", "tiger")});
  const Ranking found = Search(index, "zebra", {0.9, 0.4}).run(5, 0, {});
  EXPECT_DOUBLE_EQ(found.chunks.at(0).score, 2 / (2 + 0.9 * (1 - 0.4 + 0.4 * 3.0 / 2.0)));
}

TEST(Search, KeepsQuestionWordsWhereAskedTo) {
  const auto index = built({make_document("a", "how zebras run")});
  EXPECT_TRUE(Search(index, "how", {}).run(5, 0, {}).chunks.empty());
  EXPECT_EQ(Search(index, "how", {}, base::TermUse::document).run(5, 0, {}).chunks.size(), 1U);
}

TEST(Search, WordsNobodyHasLowerTheScore) {
  const auto index = built({make_document("a", "zebra"), make_document("b", "lion")});
  const Ranking known = search(index, "zebra");
  const Ranking half = search(index, "zebra quagga");
  EXPECT_LT(half.chunks.at(0).score, known.chunks.at(0).score / 2);
  ASSERT_EQ(half.terms.size(), 2U);
  EXPECT_GT(half.terms[1].weight, half.terms[0].weight);
}

TEST(Search, RepeatedQueryWordsWeighMore) {
  const auto index = built({make_document("a", "zebra"), make_document("b", "lion")});
  EXPECT_EQ(chunk_ids(search(index, "zebra lion lion")).front(), "b#0");
  EXPECT_EQ(chunk_ids(search(index, "zebra zebra lion")).front(), "a#0");
  EXPECT_EQ(search(index, "lion lion").terms.size(), 1U);
}

TEST(Search, BreaksTiesByDocumentThenChunk) {
  const auto index =
      built({make_document("b", "zebra\nzebra"), make_document("a", "zebra\nzebra"), make_document("c", "lion")});
  EXPECT_EQ(chunk_ids(search(index, "zebra")), (std::vector<std::string>{"a#0", "a#1", "b#0", "b#1"}));
  EXPECT_EQ(chunk_ids(search(index, "zebra", 3)), (std::vector<std::string>{"a#0", "a#1", "b#0"}));
}

TEST(Search, GivesNothingForTopZeroOrStopWords) {
  const auto index = built({make_document("a", "zebra")});
  EXPECT_TRUE(search(index, "zebra", 0).chunks.empty());
  EXPECT_TRUE(search(index, "what is the").chunks.empty());
}

TEST(Search, LeavesOutWhatScoresTooLow) {
  const auto index = built({make_document("a", "zebra lion"), make_document("b", "lion")});
  EXPECT_EQ(search(index, "zebra lion").chunks.size(), 2U);
  const double best = search(index, "zebra lion").chunks[0].score;
  EXPECT_EQ(chunk_ids(search(index, "zebra lion", 10, {}, best)), std::vector<std::string>{"a#0"});
}

TEST(Search, FilteringLeavesTheScoresOfTheRest) {
  const auto index = built({make_document("a", "zebra", "", R"({"lang":"en"})"),
                            make_document("b", "zebra", "", R"({"lang":"de"})"), make_document("c", "zebra")});
  const Filter german = {{"lang", {MetadataValue(std::string("de"))}, std::nullopt, std::nullopt}};
  const Ranking found = search(index, "zebra", 1, german);
  EXPECT_EQ(chunk_ids(found), std::vector<std::string>{"b#0"});
  EXPECT_DOUBLE_EQ(found.chunks[0].score, search(index, "zebra").chunks[1].score);
}

TEST(Search, NeverScoresAboveOne) {
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood += "zebra ";
  const auto index = built({make_document("a", flood), make_document("b", "lion")});
  const double score = search(index, "zebra").chunks.at(0).score;
  EXPECT_GT(score, 0.99);
  EXPECT_LE(score, 1.0);
}

}  // namespace
}  // namespace ragd::retrieval
