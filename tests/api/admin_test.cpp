// POST /admin/snapshot, and where there is nobody to take one.
#include "api/admin.hpp"

#include "fakes/memory_cache.hpp"
#include "fakes/run_task.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace ragd::api {
namespace {

class Camera final : public Snapshots {
 public:
  Task<Result<SnapshotTaken>> take(const RequestContext& /*context*/, std::string name) override {
    asked_for = "'" + name + "'";
    co_return outcome;
  }

  std::string asked_for;
  Result<SnapshotTaken> outcome{SnapshotTaken{"mine", 3, 4567, "u-1"}};
};

class SnapshotEndpoint : public testing::Test {
 protected:
  SnapshotEndpoint() {
    exchange_.state = std::make_unique<RequestState>();
    exchange_.request.headers = {{"Content-Type", "application/json"}};
  }

  Result<void> ask(std::string_view body) {
    exchange_.request.body = body;
    return fakes::run_task(io_, endpoint_.snapshot(exchange_));
  }

  Camera camera_;
  fakes::MemoryCache cache_;
  obs::Metrics metrics_;
  AdminEndpoint endpoint_{cache_, &camera_, metrics_};
  net::Exchange exchange_;
  boost::asio::io_context io_;
};

TEST_F(SnapshotEndpoint, AnswersWhatWasTakenButNotWhereItLies) {
  ASSERT_TRUE(ask(R"({"name":"mine"})"));
  EXPECT_EQ(camera_.asked_for, "'mine'");
  EXPECT_EQ(exchange_.response.body, R"({"name":"mine","documents":3,"bytes":4567,"corpus_version":"u-1"})");
  EXPECT_EQ(metrics_.snapshots.value(obs::SnapshotOutcome::taken), 1U);
}

TEST_F(SnapshotEndpoint, NeedsNoNameAndNoBody) {
  ASSERT_TRUE(ask("{}"));
  EXPECT_EQ(camera_.asked_for, "''");
  camera_.asked_for.clear();
  ASSERT_TRUE(ask(""));
  EXPECT_EQ(camera_.asked_for, "''");
}

// A page of another site may send an untyped body without asking first.
TEST_F(SnapshotEndpoint, NeedsTheTypeEvenWithoutABody) {
  exchange_.request.headers.clear();
  const auto refused = ask("");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported_media_type);
  EXPECT_EQ(camera_.asked_for, "");
}

TEST_F(SnapshotEndpoint, RefusesANameThatIsNoString) {
  const auto refused = ask(R"({"name":7})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unprocessable);
}

TEST_F(SnapshotEndpoint, HandsOnWhyThereIsNone) {
  camera_.outcome = fail(Errc::storage_full, "/secret/path is full");
  const auto refused = ask("{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_full);
  EXPECT_EQ(metrics_.snapshots.value(obs::SnapshotOutcome::failed), 1U);
}

TEST_F(SnapshotEndpoint, PointsToTheToolsOfAnExternalBackend) {
  AdminEndpoint external(cache_, nullptr, metrics_);
  exchange_.request.body = "{}";
  const auto refused = fakes::run_task(io_, external.snapshot(exchange_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().hint, "the documents are in an external database: back it up with its own tools");
}

}  // namespace
}  // namespace ragd::api
