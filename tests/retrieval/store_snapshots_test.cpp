// Snapshots while the corpus is served: one at a time, and none that holds up the end.
#include "retrieval/store_snapshots.hpp"

#include "fakes/manual_clock.hpp"
#include "fakes/run_task.hpp"
#include "fakes/temporary_folder.hpp"
#include "store/write.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <string>

namespace ragd::retrieval {
namespace {

class StoreSnapshotsTest : public testing::Test {
 protected:
  void TearDown() override { pool_.join(); }

  void write(const std::string& tenant) {
    store::StoredDocument stored;
    stored.document = {"a", "text", "", "", "{}"};
    stored.chunks = {{0, 4, ""}};
    store::Write write(tenant);
    write.put(stored);
    ASSERT_TRUE(store_->commit(write));
  }

  fakes::TemporaryFolder folder_;
  fakes::ManualClock clock_;
  std::unique_ptr<store::DocumentStore> store_{*store::DocumentStore::open(folder_ / "documents")};
  boost::asio::thread_pool pool_{1};
  StoreSnapshots snapshots_{*store_, pool_, clock_, folder_ / "snapshots"};
  boost::asio::io_context io_;
  RequestContext context_;
};

TEST_F(StoreSnapshotsTest, TellTheCallersVersionAndCountEveryTenant) {
  write("default");
  write("other");
  write("other");
  context_.caller.tenant = "other";
  const auto taken = fakes::run_task(io_, snapshots_.take(context_, "mine"));
  ASSERT_TRUE(taken) << taken.error().detail;
  EXPECT_EQ(taken->name, "mine");
  EXPECT_EQ(taken->documents, 2U);
  EXPECT_GT(taken->bytes, 0U);
  EXPECT_EQ(taken->version, *store_->version("other"));
  context_.caller.tenant = "nobody";
  EXPECT_EQ(fakes::run_task(io_, snapshots_.take(context_, ""))->version, store_->initial_version());
}

TEST_F(StoreSnapshotsTest, RefuseASecondOneMeanwhile) {
  std::promise<void> resume;
  boost::asio::post(pool_, [&resume] { resume.get_future().wait(); });
  const auto first = fakes::spawn(io_, snapshots_.take(context_, "first"));
  io_.poll();
  const auto second = fakes::spawn(io_, snapshots_.take(context_, "second"));
  io_.poll();
  ASSERT_TRUE(second->has_value());
  EXPECT_EQ((*second)->error().code, Errc::conflict);
  resume.set_value();
  io_.restart();
  io_.run();
  EXPECT_TRUE(first->value());
  EXPECT_TRUE(fakes::run_task(io_, snapshots_.take(context_, "second")));
}

TEST_F(StoreSnapshotsTest, EndWhenTheServerDoes) {
  snapshots_.stop();
  const auto refused = fakes::run_task(io_, snapshots_.take(context_, "mine"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::canceled);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "snapshots"));
}

}  // namespace
}  // namespace ragd::retrieval
