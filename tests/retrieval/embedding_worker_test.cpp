#include "retrieval/embedding_worker.hpp"

#include "fakes/fake_embedder.hpp"
#include "fakes/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <deque>
#include <functional>
#include <map>

namespace ragd::retrieval {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// Hands out what it is given, and ends the test's run when all of it is done.
class ListQueue final : public EmbeddingQueue {
 public:
  Task<Result<std::vector<WaitingDocument>>> take(std::size_t passages) override {
    ++takes;
    if (on_take) on_take();
    if (take_failures > 0) {
      --take_failures;
      co_return fail(Errc::unavailable, "no corpus");
    }
    std::vector<WaitingDocument> batch;
    for (std::size_t taken = 0; taken < passages && !waiting_.empty(); ++taken) {
      batch.push_back(waiting_.front());
      waiting_.pop_front();
    }
    if (batch.empty() && on_empty) on_empty();
    co_return batch;
  }
  Task<Result<void>> land(std::vector<DocumentVectors> batch) override {
    if (land_failures > 0) {
      --land_failures;
      for (const DocumentVectors& document : batch) add(document.id);
      co_return fail(Errc::storage_full, "no room");
    }
    for (DocumentVectors& document : batch) landed[document.id] = std::move(document.vectors);
    co_return Result<void>();
  }
  void put_back(const std::vector<WaitingDocument>& batch) override {
    ++put_backs;
    for (const WaitingDocument& document : batch) waiting_.push_back(document);
  }
  [[nodiscard]] std::size_t waiting() const override { return waiting_.size(); }
  [[nodiscard]] std::size_t waiting(const std::string& /*tenant*/) const override { return waiting_.size(); }

  void add(const std::string& id) { waiting_.push_back({"default", id, "stamp", {"text of " + id, "more of " + id}}); }

  std::map<std::string, std::vector<Vector>> landed;
  std::function<void()> on_empty;
  std::function<void()> on_take;
  int takes = 0;
  int put_backs = 0;
  int take_failures = 0;
  int land_failures = 0;

 private:
  std::deque<WaitingDocument> waiting_;
};

struct EmbeddingWorkerTest : testing::Test {
  EmbeddingWorkerTest() {
    queue.on_empty = [this] { boost::asio::post(io, [this] { worker.stop(); }); };
  }
  void work() {
    worker.start();
    io.run();
  }

  /// Stops when it has taken as many batches.
  void work_for(int takes) {
    queue.on_take = [this, takes] {
      if (queue.takes == takes) boost::asio::post(io, [this] { worker.stop(); });
    };
    work();
  }

  boost::asio::io_context io{1};
  ListQueue queue;
  fakes::FakeEmbedder embedder;
  fakes::ManualClock clock;
  EmbeddingWorker worker{io.get_executor(),
                         queue,
                         embedder,
                         clock,
                         {2, milliseconds(100), milliseconds(1), milliseconds(1), milliseconds(2)}};
};

TEST_F(EmbeddingWorkerTest, BringsEachDocumentTheVectorsOfItsTexts) {
  for (const char* id : {"a", "b", "c"}) queue.add(id);
  work();
  ASSERT_EQ(queue.landed.size(), 3U);
  EXPECT_THAT(queue.landed["b"], ElementsAre(embedder.vector_of("text of b"), embedder.vector_of("more of b")));
  EXPECT_EQ(embedder.calls, 2) << "a batch is one call";
  EXPECT_EQ(embedder.queries, 0) << "passages are not queries";
}

TEST_F(EmbeddingWorkerTest, LooksAgainWhenNothingWaited) {
  queue.on_empty = [this] {
    if (queue.takes == 1) queue.add("a");
    if (queue.takes > 2) boost::asio::post(io, [this] { worker.stop(); });
  };
  work();
  EXPECT_EQ(queue.landed.size(), 1U);
}

TEST_F(EmbeddingWorkerTest, TriesAgainAfterEveryKindOfFailure) {
  queue.add("a");
  queue.take_failures = 2;
  queue.land_failures = 2;
  embedder.failure = fail(Errc::unavailable, "down");
  boost::asio::post(io, [this] {
    queue.take_failures = 1;
    embedder.failure.reset();
  });
  work();
  EXPECT_EQ(queue.landed["a"].size(), 2U);
}

TEST_F(EmbeddingWorkerTest, PutsBackWhatCouldNotBeEmbedded) {
  queue.add("a");
  embedder.failure = fail(Errc::unavailable, "down");
  boost::asio::post(io, [this] { boost::asio::post(io, [this] { worker.stop(); }); });
  work();
  EXPECT_EQ(queue.waiting(), 1U);
  EXPECT_EQ(queue.put_backs, 1);
  EXPECT_THAT(queue.landed, IsEmpty());
}

TEST_F(EmbeddingWorkerTest, LandsARefusedDocumentWithoutVectorsAndTheOthersWith) {
  queue.add("good");
  queue.add("bad");
  embedder.refused = "of bad";
  work();
  EXPECT_EQ(queue.landed["good"].size(), 2U);
  ASSERT_EQ(queue.landed.count("bad"), 1U);
  EXPECT_THAT(queue.landed["bad"], IsEmpty());
}

TEST_F(EmbeddingWorkerTest, FindsTheTextThatMakesTheServerFail) {
  queue.add("good");
  queue.add("bad");
  embedder.refused = "of bad";
  embedder.refusal = Errc::unavailable;
  work();
  EXPECT_EQ(queue.landed["good"].size(), 2U);
  ASSERT_EQ(queue.landed.count("bad"), 1U);
  EXPECT_THAT(queue.landed["bad"], IsEmpty());
  EXPECT_EQ(queue.put_backs, 2) << "it was doubted only after it had failed twice";
}

TEST_F(EmbeddingWorkerTest, RefusesNothingWhileNothingHasBeenEmbeddedAtAll) {
  queue.add("a");
  queue.add("b");
  embedder.refused = "of";  // as for a model that does not exist
  work_for(6);
  EXPECT_THAT(queue.landed, IsEmpty());
  EXPECT_GE(queue.put_backs, 2);
  EXPECT_EQ(queue.waiting(), 2U);
}

TEST_F(EmbeddingWorkerTest, GivesABatchItsOwnDeadline) {
  queue.add("a");
  work();
  EXPECT_EQ(embedder.last_deadline, clock.steady_now() + milliseconds(100));
}

}  // namespace
}  // namespace ragd::retrieval
