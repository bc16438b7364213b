#include "conformance/suite.hpp"

#include <cmath>

namespace ragd::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class SearchOf : public Suite {};

INSTANTIATE_TEST_SUITE_P(Every, SearchOf, testing::ValuesIn(all_backends()), name_of);

TEST_P(SearchOf, FindsNothingWhereNothingMatches) {
  EXPECT_THAT(replica->found("zebra"), IsEmpty()) << "nor in a corpus that is empty";
  ASSERT_TRUE(replica->put({document("a", "lion")}));
  const auto found = replica->search("zebra");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->passages, IsEmpty());
  EXPECT_EQ(found->version, replica->version());
  EXPECT_THAT(replica->found("the of and"), IsEmpty()) << "words that say nothing find nothing";
  EXPECT_THAT(replica->found("?!"), IsEmpty());
}

TEST_P(SearchOf, FillsPassagesInWhole) {
  ASSERT_TRUE(replica->put({{"a", "# Animals\n\nThe zebra runs. It has stripes.", "Zoo", "zoo.md", R"({"k":1})"}}));
  const auto found = replica->search("zebra");
  ASSERT_EQ(found->passages.size(), 1U);
  const Passage& passage = found->passages[0];
  EXPECT_EQ(passage.document_id, "a");
  EXPECT_EQ(passage.chunk_id, "a#0");
  EXPECT_EQ(passage.title, "Zoo");
  EXPECT_EQ(passage.source, "zoo.md");
  EXPECT_EQ(passage.heading, "Animals");
  EXPECT_EQ(passage.metadata_json, R"({"k":1})");
  EXPECT_EQ(passage.text, replica->get("a")->text.substr(passage.start, passage.end - passage.start));
  EXPECT_GT(passage.score, 0);
  EXPECT_LE(passage.score, 1);
  EXPECT_FALSE(found->degraded);
}

TEST_P(SearchOf, FindsWordsInAnyFormAndAnyOfThem) {
  ASSERT_TRUE(replica->put({document("a", "He was running fast."), document("b", "It's a dog's life."),
                            document("c", "nothing of the kind")}));
  EXPECT_EQ(replica->found("run"), Ids{"a"});
  EXPECT_THAT(replica->found("dogs RUNS"), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(replica->found("'dog' | \\ & ! <-> :*"), Ids{"b"}) << "no operators are known";
}

TEST_P(SearchOf, PrefersRareWordsTitlesAndShortTexts) {
  std::vector<Document> batch;
  for (int i = 0; i < 20; ++i) batch.push_back(document("common" + std::to_string(i), "zebra zebra lion number"));
  batch.push_back(document("rare", "zebra okapi stands here"));
  batch.push_back({"titled", "stands somewhere", "okapi", "", "{}"});
  batch.push_back(document("long", "okapi " + std::string(400, 'x') +
                                       " and very many more words that say little about it "
                                       "at all, one after the other, until nobody can remember what it was about"));
  ASSERT_TRUE(replica->put(batch));
  EXPECT_EQ(replica->found("zebra okapi").at(1), "rare") << "before those that have the common word twice";
  EXPECT_THAT(replica->found("okapi"), ElementsAre("titled", "rare", "long"));
}

TEST_P(SearchOf, BreaksTiesByDocumentThenChunk) {
  std::vector<Document> batch;
  for (const std::string id : {"b", "a", "B", "a-1", "a1"}) batch.push_back({id, "zebra", "", "", "{}"});
  ASSERT_TRUE(replica->put(batch));
  for (const std::size_t top_k : {1U, 3U, 5U}) {
    Ids all{"B", "a", "a-1", "a1", "b"};
    all.resize(top_k);
    EXPECT_EQ(ids_of(*replica->search("zebra", {}, top_k)), all);
  }
}

TEST_P(SearchOf, GivesTheWordsOfTheQuestionWithTheirWeights) {
  ASSERT_TRUE(replica->put({document("a", "zebra lion"), document("b", "zebra"), document("c", "zebra")}));
  const auto found = replica->search("What zebras and lions and unicorns?");
  ASSERT_EQ(found->terms.size(), 3U);
  EXPECT_EQ(found->terms[0].stem, "zebra");
  EXPECT_EQ(found->terms[1].stem, "lion");
  EXPECT_NEAR(found->terms[0].weight, std::log(1 + 0.5 / 3.5), 1e-9);
  EXPECT_NEAR(found->terms[1].weight, std::log(1 + 2.5 / 1.5), 1e-9);
  EXPECT_NEAR(found->terms[2].weight, std::log(1 + 3.5 / 0.5), 1e-9);
}

TEST_P(SearchOf, ScoresAsIfTheCorpusHadBeenWrittenAnew) {
  ASSERT_TRUE(
      replica->put({document("a", "zebra lion"), document("b", "zebra tiger"), document("c", "zebra zebra okapi")}));
  ASSERT_TRUE(replica->put({document("a", "lion okapi alone"), document("d", "okapi")}));
  ASSERT_TRUE(replica->erase("b"));
  ASSERT_TRUE(replica->put({document("a", "lion okapi alone"), document("d", "okapi zebra")}));
  ASSERT_TRUE(replica->put(
      {document("a", "lion okapi alone"), document("d", "okapi zebra"), document("c", "zebra zebra okapi")}, "anew"));
  const auto mended = replica->search("zebra lion okapi");
  const auto anew = replica->search("zebra lion okapi", {}, 50, "anew");
  ASSERT_EQ(mended->passages.size(), anew->passages.size());
  for (std::size_t i = 0; i < anew->passages.size(); ++i) {
    EXPECT_EQ(mended->passages[i].document_id, anew->passages[i].document_id);
    EXPECT_DOUBLE_EQ(mended->passages[i].score, anew->passages[i].score);
  }
  for (std::size_t i = 0; i < anew->terms.size(); ++i) EXPECT_DOUBLE_EQ(mended->terms[i].weight, anew->terms[i].weight);
}

TEST_P(SearchOf, ScoresByBm25) {
  opening_.settings.k1 = 0.9;
  opening_.settings.b = 0.4;
  open();
  ASSERT_TRUE(replica->put({{"a", "zebra zebra lion", "", "", "{}"}, {"b", "tiger", "", "", "{}"}}));
  const double length = 3;
  const double average = 2;
  const double part = 2 / (2 + 0.9 * (1 - 0.4 + 0.4 * length / average));
  EXPECT_NEAR(replica->search("zebra")->passages.at(0).score, part, 1e-6);
  // A word that is nowhere is a part of what could be attained.
  const double known = std::log(1 + 1.5 / 1.5);
  const double unknown = std::log(1 + 2.5 / 0.5);
  EXPECT_NEAR(replica->search("zebra okapi")->passages.at(0).score, part * known / (known + unknown), 1e-6);
}

TEST_P(SearchOf, LeavesOutWhatScoresTooLow) {
  ASSERT_TRUE(replica->put({document("a", "zebra lion"), document("b", "zebra"), document("c", "tiger")}));
  EXPECT_THAT(replica->found("zebra lion"), ElementsAre("a", "b"));
  const double second = replica->search("zebra lion")->passages.at(1).score;
  opening_.settings.min_score = second + 0.001;
  open();
  EXPECT_EQ(replica->found("zebra lion"), Ids{"a"});
}

TEST_P(SearchOf, LeavesNearDuplicatesOutWhereAskedTo) {
  opening_.settings.collapse_duplicates = true;
  open();
  const std::string notice = "permission is granted to copy this zebra manual under the terms of the licence version ";
  ASSERT_TRUE(replica->put({document("a", notice + "one"), document("b", notice + "one"),
                            document("d", "a zebra of quite another kind stands on the hill and looks at the moon")}));
  EXPECT_THAT(replica->found("zebra"), UnorderedElementsAre("a", "d"));
}

TEST_P(SearchOf, HonoursEveryKindOfFilter) {
  ASSERT_TRUE(replica->put(
      {document("a", "zebra", R"({"lang":"en","year":2001,"tags":["x","y"],"draft":true,"o'k \"q\"":"1"})"),
       document("b", "zebra", R"({"lang":"de","year":2010.5,"tags":["y"],"draft":false})"),
       document("c", "zebra", R"({"lang":"fr","year":-3,"nested":{"lang":"en"},"tags":"x"})"),
       document("d", "zebra", R"({"year":"2001","lang":null})")}));
  const auto found = [&](const Filter& filter) { return replica->found("zebra", filter); };
  const MetadataValue en{std::string("en")};
  const MetadataValue x{std::string("x")};
  EXPECT_EQ(found({{"lang", {en}, {}, {}}}), Ids{"a"});
  EXPECT_EQ(found({{"lang", {en, MetadataValue(std::string("fr"))}, {}, {}}}), (Ids{"a", "c"}));
  EXPECT_EQ(found({{"tags", {x}, {}, {}}}), (Ids{"a", "c"})) << "a list is several values";
  EXPECT_EQ(found({{"year", {MetadataValue(2001.0)}, {}, {}}}), Ids{"a"}) << "a string is no number";
  EXPECT_EQ(found({{"year", {MetadataValue(std::string("2001"))}, {}, {}}}), Ids{"d"});
  EXPECT_EQ(found({{"draft", {MetadataValue(true)}, {}, {}}}), Ids{"a"});
  EXPECT_EQ(found({{"year", {}, MetadataValue(-3.0), MetadataValue(2001.0)}}), (Ids{"a", "c"}));
  EXPECT_EQ(found({{"year", {}, MetadataValue(2001.5), {}}}), Ids{"b"});
  EXPECT_EQ(found({{"lang", {}, MetadataValue(std::string("de")), MetadataValue(std::string("en"))}}), (Ids{"a", "b"}));
  EXPECT_EQ(found({{"lang", {}, {}, MetadataValue(std::string("ee"))}}), Ids{"b"});
  EXPECT_EQ(found({{"lang", {en}, {}, {}}, {"year", {}, MetadataValue(2000.0), {}}}), Ids{"a"});
  EXPECT_THAT(found({{"lang", {en}, {}, {}}, {"year", {}, {}, MetadataValue(2000.0)}}), IsEmpty()) << "all must hold";
  EXPECT_EQ(found({{"o'k \"q\"", {MetadataValue(std::string("1"))}, {}, {}}}), Ids{"a"});
  EXPECT_THAT(found({{"x' OR true --", {en}, {}, {}}}), IsEmpty());
  EXPECT_THAT(found({{"lang", {MetadataValue(std::string("en' OR 'a'='a"))}, {}, {}}}), IsEmpty());
  EXPECT_THAT(found({{"year", {}, MetadataValue(1.0), MetadataValue(std::string("z"))}}), IsEmpty());
}

TEST_P(SearchOf, FiltersByTheMetadataOfNow) {
  ASSERT_TRUE(replica->put({document("a", "zebra", R"({"state":"old"})")}));
  ASSERT_TRUE(replica->put({document("a", "zebra", R"({"state":"new"})")}));
  EXPECT_THAT(replica->found("zebra", {{"state", {MetadataValue(std::string("old"))}, {}, {}}}), IsEmpty());
  EXPECT_EQ(replica->found("zebra", {{"state", {MetadataValue(std::string("new"))}, {}, {}}}), Ids{"a"});
}

TEST_P(SearchOf, SeesEachWriteAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const std::string text = "zebra " + std::to_string(i);
    const auto put = replica->put({document("a", text)});
    const auto found = replica->search("zebra");
    EXPECT_EQ(found->passages.at(0).text, text);
    EXPECT_EQ(found->version, put->version);
  }
}

TEST_P(SearchOf, TakesQuestionsOfThousandsOfWords) {
  ASSERT_TRUE(replica->put({document("a", "zebra")}));
  std::string question = "zebra";
  for (int i = 0; i < 1200; ++i) question += " w" + std::to_string(i);
  EXPECT_EQ(replica->found(question), Ids{"a"});
}

}  // namespace
}  // namespace ragd::conformance
