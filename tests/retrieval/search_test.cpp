#include "retrieval/search.hpp"

#include "retrieval/index_fixture.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ragd::retrieval {
namespace {

SnapshotPtr index_of(std::vector<DocumentPtr> documents) {
  return std::make_shared<const Snapshot>("v-1", std::move(documents));
}

Retrieved search(const SnapshotPtr& index, const std::string& query, std::size_t top_k = 10, const Filter& filter = {},
                 double min_score = 0) {
  return Search(index, query).run(top_k, min_score, filter);
}

std::vector<std::string> chunk_ids(const Retrieved& retrieved) {
  std::vector<std::string> ids;
  for (const Passage& passage : retrieved.passages) ids.push_back(passage.chunk_id);
  return ids;
}

TEST(Search, FindsNothingInAnEmptyIndex) {
  const Retrieved found = search(index_of({}), "zebra");
  EXPECT_TRUE(found.passages.empty());
  EXPECT_EQ(found.version, "v-1");
  ASSERT_EQ(found.terms.size(), 1U);
  EXPECT_GT(found.terms[0].weight, 0);
}

TEST(Search, FillsInThePassage) {
  const auto index = index_of({make_document("a", "first line\nthe zebra runs", "Animals", R"({"k":1})")});
  const Retrieved found = search(index, "zebra");
  ASSERT_EQ(found.passages.size(), 1U);
  const Passage& passage = found.passages[0];
  EXPECT_EQ(passage.document_id, "a");
  EXPECT_EQ(passage.chunk_id, "a#1");
  EXPECT_EQ(passage.text, "the zebra runs");
  EXPECT_EQ(passage.start, 11U);
  EXPECT_EQ(passage.end, 25U);
  EXPECT_EQ(passage.title, "Animals");
  EXPECT_EQ(passage.source, "source of a");
  EXPECT_EQ(passage.metadata_json, R"({"k":1})");
}

TEST(Search, ScoresByTheFormula) {
  // Two chunks of 3 and 1 words: N 2, avgdl 2.
  const auto index = index_of({make_document("a", "zebra zebra lion"), make_document("b", "tiger")});
  const Retrieved found = search(index, "zebra");
  ASSERT_EQ(found.passages.size(), 1U);
  const double tf = 2;
  const double part = tf / (tf + 1.2 * (1 - 0.75 + 0.75 * 3.0 / 2.0));
  EXPECT_DOUBLE_EQ(found.passages[0].score, part);
  EXPECT_DOUBLE_EQ(found.terms[0].weight, std::log(1 + (2 - 1 + 0.5) / (1 + 0.5)));
}

TEST(Search, CountsATitleWordTwiceAndAHeadingWordOnce) {
  auto titled = std::make_shared<IndexedDocument>(*make_document("t", "lion", "zebra"));
  titled->chunks[0].heading = "zebra";
  const auto with_title = index_of({titled, make_document("x", "tiger")});
  const auto spelled_out = index_of({make_document("t", "lion zebra zebra zebra"), make_document("x", "tiger")});
  EXPECT_DOUBLE_EQ(search(with_title, "zebra").passages.at(0).score, search(spelled_out, "zebra").passages.at(0).score);
}

TEST(Search, WordsNobodyHasLowerTheScore) {
  const auto index = index_of({make_document("a", "zebra"), make_document("b", "lion")});
  const Retrieved known = search(index, "zebra");
  const Retrieved half = search(index, "zebra quagga");
  EXPECT_LT(half.passages.at(0).score, known.passages.at(0).score / 2);
  ASSERT_EQ(half.terms.size(), 2U);
  EXPECT_GT(half.terms[1].weight, half.terms[0].weight);
}

TEST(Search, RepeatedQueryWordsWeighMore) {
  const auto index = index_of({make_document("a", "zebra"), make_document("b", "lion")});
  EXPECT_EQ(chunk_ids(search(index, "zebra lion lion")).front(), "b#0");
  EXPECT_EQ(chunk_ids(search(index, "zebra zebra lion")).front(), "a#0");
  EXPECT_EQ(search(index, "lion lion").terms.size(), 1U);
}

TEST(Search, BreaksTiesByDocumentThenChunk) {
  const auto index =
      index_of({make_document("b", "zebra\nzebra"), make_document("a", "zebra\nzebra"), make_document("c", "lion")});
  EXPECT_EQ(chunk_ids(search(index, "zebra")), (std::vector<std::string>{"a#0", "a#1", "b#0", "b#1"}));
  EXPECT_EQ(chunk_ids(search(index, "zebra", 3)), (std::vector<std::string>{"a#0", "a#1", "b#0"}));
}

TEST(Search, GivesNothingForTopZeroOrStopWords) {
  const auto index = index_of({make_document("a", "zebra")});
  EXPECT_TRUE(search(index, "zebra", 0).passages.empty());
  EXPECT_TRUE(search(index, "what is the").passages.empty());
}

TEST(Search, LeavesOutWhatScoresTooLow) {
  const auto index = index_of({make_document("a", "zebra lion"), make_document("b", "lion")});
  EXPECT_EQ(search(index, "zebra lion").passages.size(), 2U);
  const double best = search(index, "zebra lion").passages[0].score;
  EXPECT_EQ(chunk_ids(search(index, "zebra lion", 10, {}, best)), std::vector<std::string>{"a#0"});
}

TEST(Search, FilteringLeavesTheScoresOfTheRest) {
  const auto index = index_of({make_document("a", "zebra", "", R"({"lang":"en"})"),
                               make_document("b", "zebra", "", R"({"lang":"de"})"), make_document("c", "zebra")});
  const Filter german = {{"lang", {MetadataValue(std::string("de"))}, std::nullopt, std::nullopt}};
  const Retrieved found = search(index, "zebra", 1, german);
  EXPECT_EQ(chunk_ids(found), std::vector<std::string>{"b#0"});
  EXPECT_DOUBLE_EQ(found.passages[0].score, search(index, "zebra").passages[1].score);
}

TEST(Search, NeverScoresAboveOne) {
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood += "zebra ";
  const auto index = index_of({make_document("a", flood), make_document("b", "lion")});
  const double score = search(index, "zebra").passages.at(0).score;
  EXPECT_GT(score, 0.99);
  EXPECT_LE(score, 1.0);
}

}  // namespace
}  // namespace ragd::retrieval
