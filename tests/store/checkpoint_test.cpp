// Copies of a store beside the work.
#include "store/checkpoint.hpp"
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace ragd::store {
namespace {

using CheckpointTest = StoreTest;

TEST_F(CheckpointTest, HoldsEverythingThatWasCommittedAndNothingLater) {
  const auto store = open();
  const std::string piece = noise(500'000, 1);
  ASSERT_TRUE(put(*store, "default", {document("a", "one"), document("gone", "x")}));
  ASSERT_TRUE(erase(*store, "default", "gone"));
  ASSERT_TRUE(put_index(*store, "default", "piece", piece));
  const std::string version = *store->version("default");
  ASSERT_TRUE(store->checkpoint(other()));
  ASSERT_TRUE(put(*store, "default", {document("a", "later")}));

  const auto copy = open(other());
  ASSERT_TRUE(copy);
  EXPECT_TRUE(copy->recovery_notes().empty());
  EXPECT_EQ(copy->view()->get("default", "a")->document.text, "one");
  EXPECT_FALSE(*copy->view()->holds("default", "gone"));
  EXPECT_EQ(index_of(*copy->view(), "default")->at("piece"), piece);
  EXPECT_EQ(*copy->version("default"), version);
  EXPECT_EQ(store->view()->get("default", "a")->document.text, "later");
}

// With everything in tables the log is empty, and an empty log is not copied.
TEST_F(CheckpointTest, CanBeOpenedThoughNothingWasWrittenSinceTheStart) {
  { ASSERT_TRUE(put(*open(), "default", {document("a", "one")})); }
  const auto store = open();
  ASSERT_TRUE(store->checkpoint(other()));
  const auto copy = open(other());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->view()->get("default", "a")->document.text, "one");
}

TEST_F(CheckpointTest, SharesTheBytesOfTablesAndLargeRecords) {
  { ASSERT_TRUE(put_index(*open(), "default", "piece", noise(500'000, 1))); }
  const auto store = open();
  ASSERT_TRUE(store->checkpoint(other()));
  const auto blobs = files_of(other(), ".blob");
  ASSERT_FALSE(blobs.empty());
  EXPECT_EQ(std::filesystem::hard_link_count(blobs.front()), 2U);
}

TEST_F(CheckpointTest, RefusesADirectoryThatIsThere) {
  const auto store = open();
  std::filesystem::create_directory(other());
  const auto refused = store->checkpoint(other());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "checkpoint directory " + other() + " is there already");
  EXPECT_TRUE(std::filesystem::is_empty(other()));
}

TEST_F(CheckpointTest, SaysThatItCannotBePutThere) {
  const auto store = open();
  const std::string nowhere = other() + "/missing/folder";
  const auto refused = store->checkpoint(nowhere);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find(nowhere), std::string::npos) << refused.error().detail;
  EXPECT_FALSE(std::filesystem::exists(beside(directory(), ".unfinished-checkpoint")));
  EXPECT_TRUE(store->checkpoint(other()));
}

TEST_F(CheckpointTest, ReplacesOneThatWasCutOff) {
  const std::string unfinished = beside(directory(), ".unfinished-checkpoint");
  const auto store = open();
  std::filesystem::create_directory(unfinished);
  write_bytes(unfinished + "/CURRENT", "half of one");
  std::filesystem::create_directory(unfinished + ".tmp");
  write_bytes(unfinished + ".tmp/CURRENT", "half of one");
  ASSERT_TRUE(store->checkpoint(other()));
  EXPECT_TRUE(open(other()));
}

TEST_F(CheckpointTest, AnOpeningRemovesWhatWasCutOff) {
  const std::string unfinished = beside(directory(), ".unfinished-checkpoint");
  std::filesystem::create_directory(unfinished);
  write_bytes(unfinished + "/CURRENT", "half of one");
  const auto store = open();
  EXPECT_FALSE(std::filesystem::exists(unfinished));
}

TEST_F(CheckpointTest, MovesToAnotherFileSystem) {
  const std::filesystem::path elsewhere = "/dev/shm";
  struct stat here {};
  struct stat there {};
  if (::stat(elsewhere.c_str(), &there) != 0 || ::stat(temporary().c_str(), &here) != 0 ||
      here.st_dev == there.st_dev) {
    GTEST_SKIP() << "needs a second file system at /dev/shm";
  }
  const std::string copied = elsewhere / ("ragd-checkpoint-test-" + std::to_string(::getpid()));
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "one")}));
  ASSERT_TRUE(store->checkpoint(copied));
  EXPECT_EQ(open(copied)->view()->get("default", "a")->document.text, "one");
  EXPECT_FALSE(std::filesystem::exists(beside(directory(), ".unfinished-checkpoint")));
  std::filesystem::remove_all(copied);
}

TEST(Beside, LeavesOutTheSlashAtTheEnd) {
  EXPECT_EQ(beside("/data/documents", ".x"), "/data/documents.x");
  EXPECT_EQ(beside("/data/documents//", ".x"), "/data/documents.x");
}

}  // namespace
}  // namespace ragd::store
