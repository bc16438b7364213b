// The embedded corpus with an embedder: what waits, what lands, what is found by meaning.
#include "fakes/fake_embedder.hpp"
#include "fakes/manual_clock.hpp"
#include "retrieval/corpus_fixture.hpp"
#include "retrieval/embedded_queue.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace ragd::retrieval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A server with its embedder; made anew on the same directory it is a restart.
struct Hybrid {
  explicit Hybrid(const std::string& directory, const std::string& tag = "model-1", std::size_t dimension = 512)
      : embedder(dimension, tag), server(directory, settings(), &queries) {}

  static RetrievalSettings settings() {
    RetrievalSettings settings = with_duplicates();
    settings.vector_weight = 0.6;
    return settings;
  }

  std::vector<WaitingDocument> take(std::size_t passages = 1000) { return *run(queue.take(passages)); }
  std::vector<std::string> taken(std::size_t passages = 1000) {
    std::vector<std::string> ids;
    for (const WaitingDocument& document : take(passages)) ids.push_back(document.id);
    return ids;
  }
  [[nodiscard]] std::vector<DocumentVectors> embedded(const std::vector<WaitingDocument>& batch) const {
    std::vector<DocumentVectors> documents;
    for (const WaitingDocument& waiting : batch) {
      documents.push_back({waiting.tenant, waiting.id, waiting.stamp, {}});
      for (const std::string& text : waiting.texts) documents.back().vectors.push_back(embedder.vector_of(text));
    }
    return documents;
  }
  Result<void> land(std::vector<DocumentVectors> batch) { return run(queue.land(std::move(batch))); }
  void embed_all() {
    for (auto batch = take(); !batch.empty(); batch = take()) ASSERT_TRUE(land(embedded(batch)));
  }

  fakes::FakeEmbedder embedder;
  fakes::ManualClock clock;
  obs::Metrics metrics;
  QueryEmbedder queries{embedder, metrics, clock, {}};
  Server server;
  EmbeddedQueue queue{embedder, server.writer, server.published, server.pool, server.writer_pool};
};

Document plain(const std::string& id, const std::string& text, const std::string& metadata = "{}") {
  return {id, text, "", "", metadata};
}

class HybridCorpusTest : public EmbeddedCorpusTest {};

TEST_F(HybridCorpusTest, FindsByMeaningOnceTheVectorsHaveLanded) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile stands outside"), plain("b", "bread with butter")}));
  EXPECT_THAT(hybrid.server.found("car"), IsEmpty());
  hybrid.embed_all();
  EXPECT_EQ(hybrid.server.found("car").at(0), "a");
  const auto best = hybrid.server.retrieve("car").passages.at(0);
  EXPECT_GT(best.score, 0);
  EXPECT_LE(best.score, 1);
  EXPECT_EQ(best.text, "the automobile stands outside");
}

TEST_F(HybridCorpusTest, HandsOutWhatHasNoVectorsAndNothingTwice) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "one"), plain("b", "two")}));
  ASSERT_TRUE(hybrid.server.put({plain("c", "three")}, "other"));
  EXPECT_EQ(hybrid.queue.waiting(), 3U);
  const auto first = hybrid.take();
  EXPECT_EQ(first.size(), 3U);
  EXPECT_THAT(hybrid.take(), IsEmpty());
  EXPECT_EQ(hybrid.queue.waiting(), 3U);
  hybrid.queue.put_back(first);
  EXPECT_THAT(hybrid.taken(), UnorderedElementsAre("a", "b", "c"));
  EXPECT_EQ(hybrid.queue.waiting("default"), 2U);
  EXPECT_EQ(hybrid.queue.waiting("other"), 1U);
  ASSERT_TRUE(hybrid.land(hybrid.embedded(first)));
  EXPECT_EQ(hybrid.queue.waiting(), 0U);
  EXPECT_THAT(hybrid.take(), IsEmpty());
  EXPECT_EQ(hybrid.server.corpus.size().embedded, 3U);
}

TEST_F(HybridCorpusTest, HandsOutAsManyPassagesAsAskedForOrOneLargeDocument) {
  Hybrid hybrid(directory());
  std::string large;
  for (int i = 0; i < 40; ++i) large += "# Heading " + std::to_string(i) + "\n\n" + std::string(800, 'x') + "\n\n";
  ASSERT_TRUE(hybrid.server.put({plain("a", "one"), plain("b", "two"), plain("c", "three"), plain("d", large)}));
  EXPECT_EQ(hybrid.take(2).size(), 2U);
  EXPECT_THAT(hybrid.taken(2), ElementsAre("c"));
  const auto last = hybrid.take(2);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].id, "d");
  EXPECT_GT(last[0].texts.size(), 2U);
  EXPECT_EQ(last[0].texts.at(0).substr(0, 9), "Heading 0");
}

TEST_F(HybridCorpusTest, LandingMovesTheVersionOnAndLandingNothingDoesNot) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "one")}));
  const std::string before = hybrid.server.version();
  const auto batch = hybrid.take();
  ASSERT_TRUE(hybrid.land(hybrid.embedded(batch)));
  const std::string after = hybrid.server.version();
  EXPECT_NE(after, before);
  EXPECT_EQ(hybrid.server.retrieve("one").version, after);
  auto late = hybrid.embedded(batch);
  late[0].stamp = "another text's";
  ASSERT_TRUE(hybrid.land(std::move(late)));
  EXPECT_EQ(hybrid.server.version(), after);
}

TEST_F(HybridCorpusTest, TheVersionThatVectorsLandedWithIsDurableAndNeverGivenAgain) {
  std::string landed;
  {
    Hybrid hybrid(directory());
    ASSERT_TRUE(hybrid.server.put({plain("a", "one")}));
    hybrid.embed_all();
    landed = hybrid.server.version();
    EXPECT_EQ(*hybrid.server.store->version("default"), landed);
  }
  Hybrid again(directory());
  EXPECT_EQ(again.server.version(), landed);
  EXPECT_NE(again.server.put({plain("b", "two")})->version, landed);
}

TEST_F(HybridCorpusTest, DropsTheVectorsOfWhatWasReplacedOrDeletedMeanwhile) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "old"), plain("b", "gone"), plain("c", "stays")}));
  const auto batch = hybrid.take();
  ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile")}));
  ASSERT_TRUE(hybrid.server.erase("b"));
  ASSERT_TRUE(hybrid.land(hybrid.embedded(batch)));
  EXPECT_EQ(hybrid.queue.waiting(), 1U);
  EXPECT_THAT(hybrid.taken(), ElementsAre("a"));
  EXPECT_EQ(hybrid.server.corpus.size().embedded, 1U);
  EXPECT_THAT(hybrid.server.found("gone"), ElementsAre("c"));
}

TEST_F(HybridCorpusTest, AReplacedDocumentWaitsAnewAndIsFoundByItsNewMeaning) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "a boat"), plain("b", "bread")}));
  hybrid.embed_all();
  ASSERT_TRUE(hybrid.server.put({plain("a", "an automobile")}));
  EXPECT_EQ(hybrid.queue.waiting(), 1U);
  hybrid.embed_all();
  EXPECT_EQ(hybrid.server.found("car").at(0), "a");
}

TEST_F(HybridCorpusTest, KeepsVectorsOverARestartAndKnowsWhatStillWaits) {
  {
    Hybrid hybrid(directory());
    ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile"), plain("b", "bread")}));
    hybrid.embed_all();
    ASSERT_TRUE(hybrid.server.put({plain("c", "late")}));
  }
  Hybrid again(directory());
  EXPECT_EQ(again.server.corpus.size().embedded, 2U);
  EXPECT_EQ(again.queue.waiting(), 1U);
  EXPECT_THAT(again.taken(), ElementsAre("c"));
  EXPECT_EQ(again.server.found("car").at(0), "a");
}

TEST_F(HybridCorpusTest, EmbedsEverythingAnewForAnotherModel) {
  {
    Hybrid hybrid(directory());
    ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile"), plain("b", "bread")}));
    hybrid.embed_all();
  }
  Hybrid other(directory(), "model-2", 256);
  EXPECT_EQ(other.queue.waiting(), 2U);
  EXPECT_THAT(other.server.found("bread"), ElementsAre("b")) << "by words, meanwhile";
  other.embed_all();
  EXPECT_EQ(other.server.found("car").at(0), "a");
  EXPECT_EQ(other.server.corpus.size().embedded, 2U);
}

TEST_F(HybridCorpusTest, EmbedsEverythingAnewWhenTheSameModelHasOtherDimensions) {
  {
    Hybrid hybrid(directory());
    ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile")}));
    hybrid.embed_all();
  }
  Hybrid other(directory(), "model-1", 256);
  EXPECT_THAT(other.taken(), ElementsAre("a"));
}

TEST_F(HybridCorpusTest, KeepsVectorsThroughMerges) {
  Hybrid hybrid(directory());
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(hybrid.server.put({plain("d" + std::to_string(i), i == 7 ? "the automobile" : "bread number")}));
    if (i % 3 != 0) hybrid.embed_all();
  }
  hybrid.embed_all();
  EXPECT_EQ(hybrid.server.corpus.size().embedded, 40U);
  EXPECT_LT(hybrid.server.corpus.size().segments, 20U);
  EXPECT_EQ(hybrid.server.found("car").at(0), "d7");
}

TEST_F(HybridCorpusTest, FiltersAndDeletesHoldForVectorsToo) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile", R"({"year":1990})"),
                                 plain("b", "an automobile", R"({"year":2000})"),
                                 plain("c", "one automobile", R"({"year":2010})")}));
  hybrid.embed_all();
  const Filter recent{{"year", {}, MetadataValue(1995.0), std::nullopt}};
  Ids ids;
  for (const Passage& passage : hybrid.server.retrieve("car", "default", recent).passages) {
    ids.push_back(passage.document_id);
  }
  EXPECT_THAT(ids, UnorderedElementsAre("b", "c"));
  ASSERT_TRUE(hybrid.server.erase("b"));
  EXPECT_THAT(hybrid.server.found("car"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(hybrid.server.found("car", "other"), IsEmpty());
}

TEST_F(HybridCorpusTest, AnswersByWordsAndSaysSoWhileTheEmbedderIsDown) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "the automobile"), plain("b", "bread")}));
  hybrid.embed_all();
  hybrid.embedder.failure = fail(Errc::unavailable, "down");
  const Retrieved found = hybrid.server.retrieve("bread");
  EXPECT_TRUE(found.degraded);
  ASSERT_EQ(found.passages.size(), 1U);
  EXPECT_EQ(found.passages[0].document_id, "b");
  hybrid.embedder.failure.reset();
  EXPECT_FALSE(hybrid.server.retrieve("bread").degraded);
}

TEST_F(HybridCorpusTest, DoesNotAskForTheVectorOfAQueryOfNothing) {
  Hybrid hybrid(directory());
  EXPECT_THAT(hybrid.server.found("car"), IsEmpty());
  EXPECT_EQ(hybrid.embedder.calls, 0);
}

TEST_F(HybridCorpusTest, LeavesARefusedDocumentAloneUntilItIsWrittenAnew) {
  Hybrid hybrid(directory());
  ASSERT_TRUE(hybrid.server.put({plain("a", "one"), plain("b", "two")}));
  auto batch = hybrid.embedded(hybrid.take());
  for (DocumentVectors& document : batch) {
    if (document.id == "a") document.vectors.clear();
  }
  ASSERT_TRUE(hybrid.land(std::move(batch)));
  EXPECT_EQ(hybrid.queue.waiting(), 0U);
  EXPECT_THAT(hybrid.take(), IsEmpty());
  EXPECT_EQ(hybrid.server.found("one").at(0), "a");
  ASSERT_TRUE(hybrid.server.put({plain("a", "three")}));
  EXPECT_THAT(hybrid.taken(), ElementsAre("a"));
}

TEST_F(HybridCorpusTest, SaysInItsTagWhatMakesTheVectors) {
  Hybrid one(directory());
  const std::string tag = one.server.corpus.settings_tag();
  EXPECT_NE(tag.find("model-1"), std::string::npos);
}

}  // namespace
}  // namespace ragd::retrieval
