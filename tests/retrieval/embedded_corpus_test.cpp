#include "retrieval/embedded_corpus.hpp"

#include "fakes/run_task.hpp"
#include "retrieval/corpus_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ragd::retrieval {
namespace {

TEST_F(EmbeddedCorpusTest, FindsADocumentRightAfterItsPut) {
  Server server(directory());
  const std::string before = server.version();
  const auto outcome = server.put({document("a", "The zebra runs."), document("b", "The lion sleeps.")});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->accepted, 2U);
  EXPECT_EQ(outcome->unchanged, 0U);
  EXPECT_EQ(outcome->chunks, 2U);
  EXPECT_NE(outcome->version, before);
  EXPECT_EQ(server.version(), outcome->version);
  EXPECT_EQ(server.found("zebra"), Ids{"a"});
  EXPECT_EQ(server.retrieve("zebra").version, outcome->version);
}

TEST_F(EmbeddedCorpusTest, LeavesTheVersionWhenNothingChanged) {
  Server server(directory());
  const auto first = server.put({document("a", "The zebra runs.")});
  const auto again = server.put({document("a", "The zebra runs.")});
  EXPECT_EQ(again->accepted, 0U);
  EXPECT_EQ(again->unchanged, 1U);
  EXPECT_EQ(again->chunks, 0U);
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(server.version(), first->version);
}

TEST_F(EmbeddedCorpusTest, ForgetsWhatWasReplacedOrErased) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("a", "The zebra runs."), document("b", "The zebra sleeps.")}));
  ASSERT_TRUE(server.put({document("a", "The lion runs.")}));
  EXPECT_EQ(server.found("zebra"), Ids{"b"});
  const auto erased = server.erase("b");
  ASSERT_TRUE(erased);
  EXPECT_EQ(server.version(), *erased);
  EXPECT_TRUE(server.found("zebra").empty());
  EXPECT_EQ(server.erase("b").error().code, Errc::not_found);
  EXPECT_EQ(server.version(), *erased);
}

TEST_F(EmbeddedCorpusTest, KeepsTenantsApart) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("a", "The zebra runs.")}, "one"));
  const std::string untouched = server.version("two");
  EXPECT_TRUE(server.found("zebra", "two").empty());
  ASSERT_TRUE(server.put({document("a", "The zebra of two.")}, "two"));
  EXPECT_NE(server.version("two"), untouched);
  ASSERT_TRUE(server.erase("a", "one"));
  EXPECT_TRUE(server.found("zebra", "one").empty());
  EXPECT_EQ(server.found("zebra", "two"), Ids{"a"});
}

TEST_F(EmbeddedCorpusTest, AnswersTheSameAfterARestart) {
  Retrieved before;
  std::string version;
  {
    Server server(directory());
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(
          server.put({document("doc" + std::to_string(i), "Zebra number " + std::to_string(i) + " meets a lion.")}));
    }
    ASSERT_TRUE(server.erase("doc3"));
    ASSERT_TRUE(server.put({document("doc4", "No animal at all.")}));
    before = server.retrieve("zebra lion 7");
    version = server.version();
  }
  Server server(directory());
  EXPECT_EQ(server.version(), version);
  const Retrieved after = server.retrieve("zebra lion 7");
  ASSERT_EQ(after.passages.size(), before.passages.size());
  for (std::size_t i = 0; i < after.passages.size(); ++i) {
    EXPECT_EQ(after.passages[i].chunk_id, before.passages[i].chunk_id);
    EXPECT_EQ(after.passages[i].score, before.passages[i].score);
    EXPECT_EQ(after.passages[i].start, before.passages[i].start);
  }
}

TEST_F(EmbeddedCorpusTest, FiltersByMetadata) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("a", "zebra", R"({"year":2020})"), document("b", "zebra", R"({"year":2024})")}));
  const Filter recent = {{"year", {}, MetadataValue(2023.0), std::nullopt}};
  const Retrieved found = server.retrieve("zebra", "default", recent);
  ASSERT_EQ(found.passages.size(), 1U);
  EXPECT_EQ(found.passages[0].document_id, "b");
}

TEST_F(EmbeddedCorpusTest, RefusesABatchItCouldNotIndexBeforeWritingIt) {
  Server server(directory());
  const std::string before = server.version();
  EXPECT_FALSE(server.put({document("a", "zebra"), document("b", "zebra", "[1]")}));
  EXPECT_EQ(server.put({document("a", "zebra"), document("a", "lion")}).error().code, Errc::unprocessable);
  EXPECT_EQ(server.version(), before);
  EXPECT_EQ(server.corpus.size().documents, 0U);
}

TEST_F(EmbeddedCorpusTest, LeavesOutPassagesBelowTheMinimumScore) {
  RetrievalSettings settings;
  settings.min_score = 0.5;
  Server server(directory(), settings);
  ASSERT_TRUE(server.put({document("a", "zebra"), document("b", "lion")}));
  EXPECT_EQ(server.found("zebra"), Ids{"a"});
  EXPECT_TRUE(server.found("zebra quagga okapi").empty());
}

TEST_F(EmbeddedCorpusTest, ScoresOnThePoolWhatIsTooMuchForAnIoThread) {
  Server server(directory());
  std::string text;
  for (int i = 0; i < 40'000; ++i)
    text += "A zebra.\n\n# Section " + std::to_string(i) + "\n\n" + std::string(130, 'x') + "\n\n";
  ASSERT_TRUE(server.put({document("large", text), document("small", "A quagga.")}));
  EXPECT_GT(server.corpus.size().chunks, 33'000U);
  EXPECT_EQ(server.retrieve("zebra section").passages.size(), 50U);
  EXPECT_EQ(server.found("quagga"), Ids{"small"});
}

TEST_F(EmbeddedCorpusTest, GivesAndListsDocuments) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("b", "Two."), document("a", "One.")}));
  const RequestContext context = as("default");
  const auto read = run(server.corpus.get(context, "a"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "One.");
  EXPECT_EQ(run(server.corpus.get(context, "c")).error().code, Errc::not_found);
  const auto page = run(server.corpus.list(context, "", 1));
  ASSERT_EQ(page->documents.size(), 1U);
  EXPECT_EQ(page->documents[0].id, "a");
  EXPECT_EQ(page->next, "a");
  EXPECT_TRUE(run(server.corpus.ping()));
}

TEST_F(EmbeddedCorpusTest, ScansWholeDocumentsInBatchesOfBoundedSize) {
  Server server(directory());
  const std::string large(Documents::kScanBytes / 2 + 1, 'x');
  ASSERT_TRUE(server.put({document("a", large), document("b", large), document("c", "Three.")}));
  const RequestContext context = as("default");
  std::vector<std::string> batches;
  std::optional<std::string> next("");
  while (next) {
    auto batch = run(server.corpus.scan(context, *next, 1000));
    ASSERT_TRUE(batch);
    batches.emplace_back();
    for (const Document& its : batch->documents) batches.back() += its.id;
    next = std::move(batch->next);
  }
  EXPECT_EQ(batches, (std::vector<std::string>{"a", "bc"}));
  const auto one = run(server.corpus.scan(context, "b", 1));
  EXPECT_EQ(one->documents.at(0).text, "Three.");
  EXPECT_EQ(run(server.corpus.scan(as("other"), "", 10))->documents.size(), 0U);
}

TEST_F(EmbeddedCorpusTest, CountsDocumentsChunksAndBytes) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("a", "One."), document("b", "Two.")}, "one"));
  ASSERT_TRUE(server.put({document("a", "Three.")}, "two"));
  EXPECT_EQ(server.corpus.size().documents, 3U);
  EXPECT_EQ(server.corpus.size().chunks, 3U);
  EXPECT_GT(server.corpus.size().index_bytes, 100U);
}

TEST_F(EmbeddedCorpusTest, RefusesEverythingBeforeItIsRestored) {
  boost::asio::thread_pool pool(1);
  const auto store = *store::DocumentStore::open(directory());
  PublishedCatalogue published;
  CorpusWriter writer(*store, pool, pool, published);
  EmbeddedCorpus corpus(*store, pool, pool, writer, published, {});
  EXPECT_EQ(corpus.version("default").error().code, Errc::unavailable);
  const RequestContext context = as("default");
  const RetrievalQuery query{"zebra", 5, {}};
  EXPECT_EQ(run(corpus.retrieve(context, query)).error().code, Errc::unavailable);
  EXPECT_EQ(run(corpus.put(context, {document("a", "zebra")})).error().code, Errc::unavailable);
  pool.join();
}

TEST_F(EmbeddedCorpusTest, ReadsWhileWritesWaitAndBoundsHowManyDo) {
  Server server(directory());
  ASSERT_TRUE(server.put({document("first", "zebra")}));
  std::promise<void> resume;
  boost::asio::post(server.writer_pool, [&resume] { resume.get_future().wait(); });

  const auto is_refused = [](const auto& outcome) {
    return outcome && outcome->has_error() && outcome->error().code == Errc::overloaded &&
           outcome->error().hint == "too many writes at once, try again";
  };
  const RequestContext context = as("default");
  boost::asio::io_context io;
  std::vector<std::shared_ptr<std::optional<Result<PutOutcome>>>> puts;
  for (std::size_t i = 0; i < EmbeddedCorpus::kMaxWrites; ++i) {
    puts.push_back(
        fakes::spawn(io, server.corpus.put(context, {document("more" + std::to_string(i), std::string("quagga"))})));
  }
  const auto refused_put = fakes::spawn(io, server.corpus.put(context, {document("late", "quagga")}));
  const auto refused_erase = fakes::spawn(io, server.corpus.erase(context, "first"));
  io.poll();
  EXPECT_TRUE(is_refused(*refused_put));
  EXPECT_TRUE(is_refused(*refused_erase));

  EXPECT_TRUE(run(server.corpus.ping()));
  EXPECT_TRUE(run(server.corpus.get(context, "first")));
  EXPECT_EQ(run(server.corpus.list(context, "", 100))->documents.size(), 1U);
  EXPECT_EQ(server.found("zebra"), Ids{"first"});

  resume.set_value();
  io.run();
  for (const auto& put : puts) EXPECT_TRUE(put->has_value() && put->value());
  EXPECT_EQ(server.found("quagga").size(), EmbeddedCorpus::kMaxWrites);
  EXPECT_TRUE(server.put({document("late", "quagga")})) << "the places are given back";
}

TEST_F(EmbeddedCorpusTest, ShowsReadersWholeBatchesWhileWritersWrite) {
  Server server(directory());
  std::atomic<bool> writing = true;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&server, &writing] {
      while (writing.load()) {
        // Both documents of a batch say the same number, whichever batch it is.
        const Retrieved found = server.retrieve("zebra");
        if (found.passages.empty()) continue;
        ASSERT_EQ(found.passages.size(), 2U);
        ASSERT_EQ(found.passages[0].text, found.passages[1].text);
      }
    });
  }
  std::thread other([&server] {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(server.put({document("x" + std::to_string(i), "quagga")}));
  });
  for (int i = 0; i < 40; ++i) {
    const std::string text = "zebra " + std::to_string(i);
    ASSERT_TRUE(server.put({document("a", text), document("b", text)}));
    EXPECT_EQ(server.retrieve("zebra").passages.at(0).text, text);
  }
  other.join();
  writing = false;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(server.retrieve("quagga").passages.size(), 20U);
  EXPECT_TRUE(server.version().ends_with("-60"));
}

}  // namespace
}  // namespace ragd::retrieval
