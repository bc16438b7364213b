#include "api/documents.hpp"

#include "base/json.hpp"
#include "fakes/run_task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ragd::api {
namespace {

/// Has one document and one page, and takes nothing.
class Shelf final : public Documents {
 public:
  Task<Result<PutOutcome>> put(const RequestContext& /*context*/, std::vector<Document> /*batch*/) override {
    co_return fail(Errc::internal);
  }
  Task<Result<std::string>> erase(const RequestContext& /*context*/, std::string /*id*/) override {
    co_return fail(Errc::internal);
  }
  Task<Result<Document>> get(const RequestContext& /*context*/, std::string /*id*/) override { co_return document; }
  Task<Result<DocumentPage>> list(const RequestContext& /*context*/, std::string /*after*/,
                                  std::size_t /*limit*/) override {
    co_return page;
  }
  Task<Result<DocumentBatch>> scan(const RequestContext& /*context*/, std::string after, std::size_t limit) override {
    scanned = after + "/" + std::to_string(limit);
    co_return batch;
  }

  Document document{"a", "text", "title", "source", R"({"n":1})"};
  DocumentPage page{{{"a", "title", "source", R"({"n":1})", 4, 1}}, "a"};
  DocumentBatch batch{{document}, "a"};
  std::string scanned;  ///< what was asked for
};

/// An endpoint whose pool is held up until the test lets it go.
class DocumentsEndpointTest : public testing::Test {
 protected:
  DocumentsEndpointTest() {
    boost::asio::post(pool_, [this] { resume_.get_future().wait(); });
    exchange_.state = std::make_unique<RequestState>();
  }
  ~DocumentsEndpointTest() override {
    if (!resumed_) resume_.set_value();
    pool_.join();
  }

  /// Whether the answer was there without the pool; then, in any case, the answer.
  bool answers_at_once(Task<Result<void>> task) {
    const auto outcome = fakes::spawn(io_, std::move(task));
    io_.poll();
    const bool at_once = outcome->has_value();
    resume_.set_value();
    resumed_ = true;
    if (!at_once) io_.run();
    EXPECT_TRUE(outcome->has_value() && outcome->value());
    return at_once;
  }

  Shelf shelf_;
  obs::Metrics metrics_;
  boost::asio::thread_pool pool_{1};
  DocumentsEndpoint endpoint_{shelf_, pool_, metrics_};
  net::Exchange exchange_;
  boost::asio::io_context io_;
  std::promise<void> resume_;
  bool resumed_ = false;
};

TEST_F(DocumentsEndpointTest, WritesASmallDocumentOnTheSpot) {
  EXPECT_TRUE(answers_at_once(endpoint_.get(exchange_)));
  EXPECT_EQ(exchange_.response.body,
            R"({"id":"a","title":"title","source":"source","metadata":{"n":1},"text":"text"})");
}

TEST_F(DocumentsEndpointTest, LeavesALargeDocumentToThePool) {
  shelf_.document.text = std::string(40'000, 'x');
  EXPECT_FALSE(answers_at_once(endpoint_.get(exchange_)));
  EXPECT_EQ(exchange_.response.body, R"({"id":"a","title":"title","source":"source","metadata":{"n":1},"text":")" +
                                         std::string(40'000, 'x') + R"("})");
}

TEST_F(DocumentsEndpointTest, WritesASmallPageOnTheSpot) {
  EXPECT_TRUE(answers_at_once(endpoint_.list(exchange_)));
  EXPECT_EQ(exchange_.response.body,
            R"({"documents":[{"id":"a","title":"title","source":"source","metadata":{"n":1},"bytes":4,"chunks":1}],)"
            R"("next_cursor":"a","waiting_for_vectors":0})");
}

TEST_F(DocumentsEndpointTest, LeavesALargePageToThePool) {
  shelf_.page.documents.assign(1'000, shelf_.page.documents.front());
  for (DocumentSummary& document : shelf_.page.documents) document.title = std::string(100, 't');
  shelf_.page.next.reset();
  EXPECT_FALSE(answers_at_once(endpoint_.list(exchange_)));
  const auto body = base::JsonDocument::parse(exchange_.response.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(simdjson::dom::array(body->root()["documents"]).size(), 1'000U);
  EXPECT_TRUE(body->root()["next_cursor"].is_null());
}

TEST_F(DocumentsEndpointTest, ListsWholeDocumentsWhereTheyAreAskedFor) {
  exchange_.request.query = "content=full&limit=7&cursor=%C3%BC";
  EXPECT_TRUE(answers_at_once(endpoint_.list(exchange_)));
  EXPECT_EQ(shelf_.scanned, "\u00fc/7");
  EXPECT_EQ(exchange_.response.body,
            R"({"documents":[{"id":"a","title":"title","source":"source","metadata":{"n":1},"text":"text"}],)"
            R"("next_cursor":"a"})");
}

TEST_F(DocumentsEndpointTest, LeavesManyWholeDocumentsToThePool) {
  exchange_.request.query = "content=full";
  shelf_.batch.documents.assign(10, shelf_.document);
  for (Document& document : shelf_.batch.documents) document.text = std::string(10'000, 'x');
  shelf_.batch.next.reset();
  EXPECT_FALSE(answers_at_once(endpoint_.list(exchange_)));
  const auto body = base::JsonDocument::parse(exchange_.response.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(simdjson::dom::array(body->root()["documents"]).size(), 10U);
  EXPECT_TRUE(body->root()["next_cursor"].is_null());
}

TEST_F(DocumentsEndpointTest, RefusesContentItDoesNotKnow) {
  exchange_.request.query = "content=half";
  const auto outcome = fakes::run_task(io_, endpoint_.list(exchange_));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::unprocessable);
  EXPECT_EQ(shelf_.scanned, "");
}

}  // namespace
}  // namespace ragd::api
