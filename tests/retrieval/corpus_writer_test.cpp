// What the corpus's writer does besides writing: merges, and finding back after failures.
#include "retrieval/corpus_writer.hpp"

#include "retrieval/corpus_fixture.hpp"
#include "retrieval/index_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ragd::retrieval {
namespace {

using CorpusWriterTest = EmbeddedCorpusTest;

class CorpusWriterOutOfMemory : public EmbeddedCorpusTest {
 protected:
  CorpusWriterOutOfMemory() : server_(directory()) {
    EXPECT_TRUE(server_.put({document("a", "The zebra runs.")}));
    EXPECT_TRUE(server_.put({document("z", "The zebra of two.")}, "two"));
  }
  void expect_withdrawn() {
    EXPECT_EQ(server_.corpus.version("default").error().code, Errc::unavailable);
    const RequestContext context = as("default");
    const RetrievalQuery query{"zebra", 5, {}};
    EXPECT_EQ(run(server_.corpus.retrieve(context, query)).error().code, Errc::unavailable);
    EXPECT_EQ(server_.corpus.size().documents, 0U);
  }
  /// A ping's answer may be older than what it sets going.
  void ping() {
    static_cast<void>(run(server_.corpus.ping()));
    std::promise<void> done;
    boost::asio::post(server_.writer_pool, [&done] { done.set_value(); });
    done.get_future().wait();
  }

  Server server_;
};

TEST_F(CorpusWriterOutOfMemory, AnswersNothingUntilAPingHasRestoredIt) {
  server_.writer.failures = 2;
  EXPECT_EQ(server_.put({document("b", "The lion sleeps.")}).error().code, Errc::unavailable);
  expect_withdrawn();
  ping();
  expect_withdrawn();  // it failed to restore
  EXPECT_EQ(server_.put({document("c", "The quagga sleeps.")}).error().code, Errc::unavailable);
  ping();
  EXPECT_EQ(server_.found("lion"), Ids{"b"}) << "it was committed";
  EXPECT_EQ(server_.found("zebra"), Ids{"a"});
  EXPECT_EQ(server_.found("zebra", "two"), Ids{"z"});
  EXPECT_TRUE(server_.put({document("c", "The quagga sleeps.")}));
  EXPECT_TRUE(run(server_.corpus.ping()));
}

TEST_F(CorpusWriterOutOfMemory, NeverCitesWhatWasErased) {
  server_.writer.failures = 1;
  EXPECT_EQ(server_.erase("a").error().code, Errc::unavailable);
  expect_withdrawn();
  ping();
  EXPECT_EQ(server_.erase("a").error().code, Errc::not_found);
  EXPECT_TRUE(server_.found("zebra").empty());
}

TEST_F(CorpusWriterTest, MergesBehindWritesAndKeepsWhatDiedMeanwhile) {
  Server server(directory());
  // Eight batches of more than a small merge holds.
  const int each = static_cast<int>(kSmallMerge) / 2;
  for (int batch = 0; batch < static_cast<int>(kFanOut); ++batch) {
    std::vector<Document> documents;
    for (int i = 0; i < each; ++i) {
      documents.push_back(document(std::to_string(batch * each + i), "Zebra " + std::to_string(i % 97)));
    }
    ASSERT_TRUE(server.put(std::move(documents)));
  }
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(server.erase(std::to_string(i * each / 2)));
  const std::string version = server.version();
  for (int round = 0; round < 100 && server.corpus.size().segments > 1; ++round) {
    std::promise<void> merged;
    boost::asio::post(server.merge_pool, [&merged] { merged.set_value(); });
    merged.get_future().wait();
    std::promise<void> stored;
    boost::asio::post(server.writer_pool, [&stored] { stored.set_value(); });
    stored.get_future().wait();
  }
  EXPECT_EQ(server.corpus.size().segments, 1U);
  EXPECT_EQ(server.version(), version) << "a merge changes nothing that can be asked for";
  EXPECT_EQ(server.corpus.size().documents, each * kFanOut - 10);
  const Retrieved before = server.retrieve("zebra 0 1");
  EXPECT_TRUE(std::none_of(before.passages.begin(), before.passages.end(),
                           [](const Passage& passage) { return passage.document_id == "0"; }));
}

TEST_F(CorpusWriterTest, BuildsTheIndexAnewWhereItsRecordsAreUnusable) {
  Retrieved before;
  {
    Server server(directory());
    ASSERT_TRUE(server.put({document("a", "The zebra runs.", R"({"k":1})"), document("b", "The lion sleeps.")}));
    before = server.retrieve("zebra lion");
    store::Write write("default");
    write.put_index(manifest_name(), "something else");
    ASSERT_TRUE(server.store->commit(write));
  }
  for (int start = 0; start < 2; ++start) {
    Server server(directory());
    EXPECT_EQ(server.version(), before.version);
    const Retrieved after = server.retrieve("zebra lion");
    ASSERT_EQ(after.passages.size(), 2U);
    EXPECT_EQ(after.passages[0].score, before.passages[0].score);
    const Filter filter = {{"k", {MetadataValue(1.0)}, std::nullopt, std::nullopt}};
    EXPECT_EQ(server.retrieve("zebra lion", "default", filter).passages.size(), 1U);
  }
}

}  // namespace
}  // namespace ragd::retrieval
