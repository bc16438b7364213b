#include "conformance/suite.hpp"

#include <map>

namespace ragd::conformance {
namespace {

using retrieval::DocumentVectors;
using retrieval::WaitingDocument;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class VectorsOf : public Suite {
 protected:
  void SetUp() override {
    if (!GetParam().has_queue) GTEST_SKIP() << "it embeds no passages";
    opening_.embedder = &embedder_;
    Suite::SetUp();
  }

  std::vector<WaitingDocument> take(std::size_t passages = 100) {
    auto taken = replica->run(replica->queue()->take(passages));
    EXPECT_TRUE(taken) << taken.error().detail;
    return taken ? *std::move(taken) : std::vector<WaitingDocument>();
  }
  [[nodiscard]] std::vector<DocumentVectors> embedded(const std::vector<WaitingDocument>& batch) const {
    std::vector<DocumentVectors> vectors;
    for (const WaitingDocument& waiting : batch) {
      DocumentVectors& its = vectors.emplace_back(DocumentVectors{waiting.tenant, waiting.id, waiting.stamp, {}});
      for (const std::string& text : waiting.texts) its.vectors.push_back(embedder_.vector_of(text));
    }
    return vectors;
  }
  void land(std::vector<DocumentVectors> batch) {
    const auto landed = replica->run(replica->queue()->land(std::move(batch)));
    EXPECT_TRUE(landed) << landed.error().detail;
  }
  void embed_all() {
    for (auto batch = take(); !batch.empty(); batch = take()) land(embedded(batch));
  }
  static Ids waiting_ids(const std::vector<WaitingDocument>& batch) {
    Ids ids;
    for (const WaitingDocument& waiting : batch) ids.push_back(waiting.id);
    return ids;
  }

  fakes::FakeEmbedder embedder_;
};

INSTANTIATE_TEST_SUITE_P(Every, VectorsOf, testing::ValuesIn(all_backends()), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VectorsOf);

TEST_P(VectorsOf, WaitForAllTextsOfEachDocument) {
  ASSERT_TRUE(replica->put({{"a", "# Head\n\nthe zebra", "Title", "", "{}"}, document("b", "lion")}));
  ASSERT_TRUE(replica->put({document("a", "of another tenant")}, "other"));
  const auto batch = take();
  ASSERT_EQ(batch.size(), 3U);
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> texts;
  for (const WaitingDocument& waiting : batch) texts[{waiting.tenant, waiting.id}] = waiting.texts;
  const auto& its = texts[std::make_pair("default", "a")];
  ASSERT_EQ(its.size(), 1U);
  EXPECT_EQ(its[0], "Title\nHead\n" + replica->search("zebra")->passages.at(0).text);
  EXPECT_EQ(texts.count({"other", "a"}), 1U);
  EXPECT_EQ(replica->queue()->waiting(), 3U);
  EXPECT_EQ(replica->queue()->waiting("default"), 2U);
  EXPECT_EQ(replica->list("", 1)->waiting, 2U) << "handed out is not landed";
  EXPECT_THAT(take(), IsEmpty()) << "none is handed out twice";
}

TEST_P(VectorsOf, AreTakenSoManyPassagesAtATime) {
  std::string long_text;
  for (int i = 0; i < 100; ++i)
    long_text += "Paragraph " + std::to_string(i) + " of many, each with words of its own.\n\n";
  ASSERT_TRUE(replica->put({document("a", long_text)}));
  ASSERT_TRUE(replica->put({document("b", "one"), document("c", "two"), document("d", "three")}));
  std::map<std::string, std::size_t> sizes;
  std::size_t batches = 0;
  for (auto batch = take(2); !batch.empty(); batch = take(2)) {
    ++batches;
    std::size_t texts = 0;
    for (const WaitingDocument& waiting : batch) {
      texts += waiting.texts.size();
      ++sizes[waiting.id];
    }
    EXPECT_TRUE(texts <= 2 || batch.size() == 1);
  }
  EXPECT_EQ(sizes.size(), 4U);
  EXPECT_EQ(batches, 3U);
}

TEST_P(VectorsOf, LetDocumentsBeFoundByMeaning) {
  ASSERT_TRUE(replica->put({{"a", "the automobile drives", "", "", "{}"}, {"b", "a zebra stands", "", "", "{}"}}));
  EXPECT_THAT(replica->found("car"), IsEmpty());
  const std::string before = replica->version();
  EXPECT_EQ(replica->list("", 1)->waiting, 2U);
  embed_all();
  EXPECT_EQ(replica->list("", 1)->waiting, 0U);
  EXPECT_NE(replica->version(), before) << "a cached answer knows less now";
  EXPECT_EQ(replica->found("car").at(0), "a");
  const auto found = replica->search("car");
  EXPECT_FALSE(found->degraded);
  EXPECT_EQ(found->version, replica->version());
  EXPECT_EQ(replica->queue()->waiting(), 0U);
}

TEST_P(VectorsOf, FindWithinTheTenantAndTheFilterAlone) {
  ASSERT_TRUE(
      replica->put({{"a", "automobile one", "", "", R"({"k":1})"}, {"b", "automobile two", "", "", R"({"k":2})"}}));
  ASSERT_TRUE(replica->put({{"c", "automobile three", "", "", "{}"}}, "other"));
  embed_all();
  EXPECT_THAT(replica->found("car"), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(replica->found("car", {{"k", {MetadataValue(2.0)}, {}, {}}}), Ids{"b"});
  EXPECT_EQ(replica->found("car", {}, "other"), Ids{"c"});
}

TEST_P(VectorsOf, FuseWithWordsByWeight) {
  opening_.settings.vector_weight = 0.5;
  open();
  ASSERT_TRUE(replica->put({{"both", "car automobile", "", "", "{}"},
                            {"meaning", "automobile", "", "", "{}"},
                            {"neither", "okapi giraffe", "", "", "{}"}}));
  embed_all();
  EXPECT_EQ(replica->found("car").at(0), "both");
  opening_.settings.vector_weight = 0;
  open();
  EXPECT_EQ(replica->found("car"), Ids{"both"}) << "by words alone";
  opening_.settings.vector_weight = 1;
  open();
  EXPECT_EQ(replica->found("car").size(), 3U);
  EXPECT_EQ(replica->found("car").back(), "neither");
  opening_.settings.vector_weight = 0.5;
  opening_.settings.fusion = Fusion::rrf;
  open();
  EXPECT_EQ(replica->found("car").at(0), "both");
}

TEST_P(VectorsOf, AreLeftOutForWhatChangedMeanwhile) {
  ASSERT_TRUE(
      replica->put({{"a", "automobile", "", "", "{}"}, {"b", "automobile", "", "", "{}"}, {"c", "car", "", "", "{}"}}));
  const auto stale = take();
  ASSERT_TRUE(replica->put({{"a", "zebra", "", "", "{}"}}));
  ASSERT_TRUE(replica->erase("b"));
  const std::string before = replica->version();
  land(embedded(stale));
  EXPECT_NE(replica->version(), before) << "those of c landed";
  EXPECT_EQ(waiting_ids(take()), Ids{"a"}) << "waits again, with its new text";
  EXPECT_EQ(replica->found("automobile"), Ids{"c"});
}

TEST_P(VectorsOf, LandWithoutANewVersionWhereAllIsStale) {
  ASSERT_TRUE(replica->put({{"a", "automobile", "", "", "{}"}}));
  const auto stale = take();
  ASSERT_TRUE(replica->erase("a"));
  const std::string before = replica->version();
  land(embedded(stale));
  EXPECT_EQ(replica->version(), before);
}

TEST_P(VectorsOf, WaitAgainWhenTheyArePutBack) {
  ASSERT_TRUE(replica->put({document("a", "one"), document("b", "two")}));
  const auto batch = take();
  EXPECT_EQ(batch.size(), 2U);
  replica->queue()->put_back(batch);
  EXPECT_THAT(waiting_ids(take()), UnorderedElementsAre("a", "b"));
}

TEST_P(VectorsOf, StayAwayFromADocumentTheModelRefuses) {
  ASSERT_TRUE(replica->put({document("a", "one"), document("b", "two")}));
  std::vector<DocumentVectors> vectors = embedded(take());
  for (DocumentVectors& its : vectors) {
    if (its.id == "a") its.vectors.clear();
  }
  land(vectors);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(replica->queue()->waiting(), 0U);
  EXPECT_EQ(replica->found("one").at(0), "a") << "by its words";
}

TEST_P(VectorsOf, WaitAgainUnderAnotherModel) {
  ASSERT_TRUE(replica->put({{"a", "automobile", "", "", "{}"}}));
  embed_all();
  EXPECT_THAT(take(), IsEmpty());
  fakes::FakeEmbedder other(32, "another-model");
  opening_.embedder = &other;
  open();
  EXPECT_THAT(replica->found("car"), IsEmpty()) << "vectors of different models are never compared";
  EXPECT_EQ(replica->found("automobile"), Ids{"a"});
  const auto batch = take();
  ASSERT_EQ(waiting_ids(batch), Ids{"a"});
  land({{batch[0].tenant, batch[0].id, batch[0].stamp, {other.vector_of(batch[0].texts.at(0))}}});
  EXPECT_EQ(replica->found("car"), Ids{"a"});
}

TEST_P(VectorsOf, SurviveARestart) {
  ASSERT_TRUE(replica->put({{"a", "automobile", "", "", "{}"}}));
  embed_all();
  open();
  EXPECT_EQ(replica->found("car"), Ids{"a"});
  EXPECT_THAT(take(), IsEmpty());
}

TEST_P(VectorsOf, AreMissedWhenTheEmbedderFailsAndTheSearchSaysSo) {
  ASSERT_TRUE(replica->put({{"a", "automobile", "", "", "{}"}, {"b", "car", "", "", "{}"}}));
  embed_all();
  embedder_.failure = fail(Errc::unavailable, "down");
  const auto found = replica->search("car");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->degraded);
  ASSERT_EQ(found->passages.size(), 1U);
  EXPECT_EQ(found->passages[0].document_id, "b");
  embedder_.failure.reset();
  EXPECT_FALSE(replica->search("car")->degraded);
}

TEST_P(VectorsOf, ArePartOfWhatAnswersDependOn) {
  const std::string tag = replica->retriever().settings_tag();
  opening_.settings.vector_weight = 0.75;
  open();
  EXPECT_NE(replica->retriever().settings_tag(), tag);
  opening_.settings.vector_weight = 0.5;
  fakes::FakeEmbedder other(64, "another-model");
  opening_.embedder = &other;
  open();
  EXPECT_NE(replica->retriever().settings_tag(), tag);
}

}  // namespace
}  // namespace ragd::conformance
