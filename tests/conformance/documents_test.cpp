#include "conformance/suite.hpp"

namespace ragd::conformance {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

class DocumentsOf : public Suite {
 protected:
  Ids listed(const std::string& after = "", std::size_t limit = 1000, const std::string& tenant = "default") {
    Ids ids;
    const DocumentPage page = replica->list(after, limit, tenant).value();
    for (const DocumentSummary& summary : page.documents) ids.push_back(summary.id);
    return ids;
  }
};

INSTANTIATE_TEST_SUITE_P(Every, DocumentsOf, testing::ValuesIn(all_backends()), name_of);

TEST_P(DocumentsOf, AreGivenBackAsTheyWere) {
  const Document whole{"id/1", "First line.\n\n\"Second\" {line}, \\ 'quoted'.", "A title", "https://example.org/?a=b",
                       R"({"n":1.50,"list":["a","b"],"nested":{"deep":null}})"};
  const auto put = replica->put({whole});
  ASSERT_TRUE(put) << put.error().detail;
  EXPECT_EQ(put->accepted, 1U);
  EXPECT_EQ(put->unchanged, 0U);
  EXPECT_EQ(put->chunks, 1U);
  const auto got = replica->get("id/1");
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->text, whole.text);
  EXPECT_EQ(got->title, whole.title);
  EXPECT_EQ(got->source, whole.source);
  EXPECT_EQ(got->metadata_json, whole.metadata_json);
  EXPECT_EQ(replica->get("other").error().code, Errc::not_found);
}

TEST_P(DocumentsOf, KeepEveryCharacterOfUnicode) {
  const std::string text = "Žluťoučký kůň 馬 الخيل 🐎 \u00a0 e\u0301 \x7f \x01 ends";
  ASSERT_TRUE(replica->put({document("ключ-馬-🐎", text, R"({"ключ":"значение 🐎"})")}));
  EXPECT_EQ(replica->get("ключ-馬-🐎")->text, text);
  EXPECT_EQ(replica->get("ключ-馬-🐎")->metadata_json, R"({"ключ":"значение 🐎"})");
  EXPECT_EQ(replica->found("kůň"), Ids{"ключ-馬-🐎"});
  EXPECT_EQ(replica->search("馬")->passages.at(0).text, text);
}

TEST_P(DocumentsOf, AreReplacedByTheirId) {
  ASSERT_TRUE(replica->put({document("a", "zebra"), document("b", "quagga")}));
  const auto put = replica->put({document("a", "lion")});
  EXPECT_EQ(put->accepted, 1U);
  EXPECT_EQ(replica->get("a")->text, "lion");
  EXPECT_THAT(replica->found("zebra"), IsEmpty());
  EXPECT_EQ(replica->found("lion"), Ids{"a"});
  EXPECT_EQ(listed(), (Ids{"a", "b"}));
}

TEST_P(DocumentsOf, AreLeftAloneWhereNothingChanged) {
  ASSERT_TRUE(replica->put({document("a", "zebra"), document("b", "quagga")}));
  const std::string before = replica->version();
  const auto same = replica->put({document("b", "quagga"), document("a", "zebra")});
  EXPECT_EQ(same->accepted, 0U);
  EXPECT_EQ(same->unchanged, 2U);
  EXPECT_EQ(same->chunks, 0U);
  EXPECT_EQ(same->version, before);
  EXPECT_EQ(replica->version(), before);
  const auto partly = replica->put({document("a", "zebra"), document("b", "quagga "), document("c", "lion")});
  EXPECT_EQ(partly->accepted, 2U);
  EXPECT_EQ(partly->unchanged, 1U);
  EXPECT_EQ(partly->chunks, 2U);
  EXPECT_NE(partly->version, before);
}

TEST_P(DocumentsOf, ChangeWithEachOfTheirParts) {
  const Document base{"a", "zebra", "title", "source", R"({"k":1})"};
  ASSERT_TRUE(replica->put({base}));
  for (const Document& other : {Document{"a", "zebra", "Title", "source", R"({"k":1})"},
                                Document{"a", "zebra", "Title", "Source", R"({"k":1})"},
                                Document{"a", "zebra", "Title", "Source", R"({"k":1.0})"},
                                Document{"a", "Zebra", "Title", "Source", R"({"k":1.0})"}}) {
    EXPECT_EQ(replica->put({other})->accepted, 1U);
  }
}

TEST_P(DocumentsOf, AreErasedWithTheirPassages) {
  ASSERT_TRUE(replica->put({document("a", "zebra"), document("b", "zebra")}));
  const std::string before = replica->version();
  const auto erased = replica->erase("a");
  ASSERT_TRUE(erased);
  EXPECT_NE(*erased, before);
  EXPECT_EQ(*erased, replica->version());
  EXPECT_EQ(replica->get("a").error().code, Errc::not_found);
  EXPECT_EQ(replica->found("zebra"), Ids{"b"});
  EXPECT_EQ(replica->erase("a").error().code, Errc::not_found);
  EXPECT_EQ(replica->version(), *erased) << "nothing was there to change it";
  EXPECT_EQ(replica->erase("a", "nobody").error().code, Errc::not_found);
}

TEST_P(DocumentsOf, AreListedInTheOrderOfTheirIdsBytes) {
  ASSERT_TRUE(replica->put({document("b", "1"), document("B", "2"), document("é", "3"), document("a-1", "4"),
                            document("a1", "5"), document("_", "6")}));
  EXPECT_EQ(listed(), (Ids{"B", "_", "a-1", "a1", "b", "é"}));
  const auto first = replica->list("", 4);
  ASSERT_TRUE(first->next);
  EXPECT_EQ(*first->next, "a1");
  EXPECT_EQ(first->documents.size(), 4U);
  const auto rest = replica->list(*first->next, 4);
  EXPECT_EQ(rest->documents.at(0).id, "b");
  EXPECT_FALSE(rest->next);
  EXPECT_FALSE(replica->list("", 6)->next) << "the last page ends with the last document";
}

TEST_P(DocumentsOf, AreSummedUpInLists) {
  ASSERT_TRUE(replica->put({document("a", "zebra é", R"({"k":[1,2]})")}));
  const DocumentSummary summary = replica->list("", 10)->documents.at(0);
  EXPECT_EQ(summary.title, "Title a");
  EXPECT_EQ(summary.source, "source/a");
  EXPECT_EQ(summary.metadata_json, R"({"k":[1,2]})");
  EXPECT_EQ(summary.bytes, 8U);
  EXPECT_EQ(summary.chunks, 1U);
}

TEST_P(DocumentsOf, AreScannedInBatchesOfBoundedSize) {
  const std::string large(Documents::kScanBytes / 2, 'x');
  ASSERT_TRUE(replica->put({document("a", "One."), document("b", large), document("c", large), document("d", "Two.")}));
  std::vector<std::string> batches;
  std::optional<std::string> next = "";
  while (next) {
    const auto batch = replica->scan(*next, 3);
    ASSERT_TRUE(batch) << batch.error().detail;
    batches.emplace_back();
    for (const Document& its : batch->documents) batches.back() += its.id;
    next = batch->next;
  }
  EXPECT_EQ(batches, (std::vector<std::string>{"ab", "cd"}));
  EXPECT_EQ(replica->scan("c", 3)->documents.at(0).text, "Two.");
  EXPECT_THAT(replica->scan("", 3, "other")->documents, IsEmpty());
}

TEST_P(DocumentsOf, ComeInBatchesThatAreTakenWholeOrNotAtAll) {
  ASSERT_TRUE(replica->put({document("a", "zebra")}));
  const std::string before = replica->version();
  EXPECT_FALSE(replica->put({document("a", "lion"), document("b", "zebra", "not JSON")}));
  EXPECT_EQ(replica->version(), before);
  EXPECT_EQ(replica->get("a")->text, "zebra");
  EXPECT_EQ(listed(), Ids{"a"});
}

TEST_P(DocumentsOf, BumpTheVersionExactlyOncePerChange) {
  const std::string empty = replica->version();
  EXPECT_THAT(empty, EndsWith("-0"));
  const std::string uuid = empty.substr(0, empty.size() - 2);
  EXPECT_EQ(uuid.size(), 36U);
  EXPECT_EQ(replica->put({document("a", "zebra"), document("b", "quagga")})->version, uuid + "-1");
  EXPECT_EQ(replica->version(), uuid + "-1");
  EXPECT_EQ(replica->put({document("a", "lion")})->version, uuid + "-2");
  EXPECT_EQ(*replica->erase("a"), uuid + "-3");
  EXPECT_EQ(replica->search("quagga")->version, uuid + "-3");
  open();
  EXPECT_EQ(replica->version(), uuid + "-3") << "it outlives the process";
  EXPECT_EQ(replica->found("quagga"), Ids{"b"});
}

TEST_P(DocumentsOf, StayWithTheirTenant) {
  ASSERT_TRUE(replica->put({document("a", "zebra"), document("mine", "zebra")}, "one"));
  ASSERT_TRUE(replica->put({document("a", "zebra of two")}, "two"));
  EXPECT_THAT(replica->found("zebra", {}, "one"), ElementsAre("a", "mine"));
  EXPECT_EQ(replica->get("a", "two")->text, "zebra of two");
  EXPECT_EQ(replica->get("mine", "two").error().code, Errc::not_found);
  EXPECT_EQ(replica->erase("mine", "two").error().code, Errc::not_found);
  EXPECT_EQ(listed("", 10, "two"), Ids{"a"});
  const std::string before = replica->version("one");
  ASSERT_TRUE(replica->erase("a", "two"));
  EXPECT_EQ(replica->version("one"), before);
  EXPECT_THAT(replica->found("zebra", {}, "one"), ElementsAre("a", "mine"));
  EXPECT_THAT(replica->version("three"), EndsWith("-0"));
}

TEST_P(DocumentsOf, MayBeManyAndLong) {
  std::vector<Document> batch;
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (int line = 0; line < 60; ++line) {
      text += "Sentence " + std::to_string(line) + " of document " + std::to_string(i) + " says zebra once more.\n\n";
    }
    batch.push_back(document("d" + std::to_string(i), text));
  }
  const auto put = replica->put(batch);
  ASSERT_TRUE(put) << put.error().detail;
  EXPECT_EQ(put->accepted, 500U);
  EXPECT_GT(put->chunks, 1000U);
  EXPECT_EQ(replica->get("d499")->text, batch.back().text);
  EXPECT_EQ(replica->search("document 321", {}, 1)->passages.at(0).document_id, "d321");
}

}  // namespace
}  // namespace ragd::conformance
