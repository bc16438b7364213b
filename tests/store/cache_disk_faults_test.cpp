// The response cache on a disk that fills up or fails.
#include "store/cache_store.hpp"
#include "store/disk_faults.hpp"
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

namespace ragd::store {
namespace {

using faults::no_room;
using faults::write_error;

class CacheDiskFaultTest : public StoreTest {
 protected:
  CacheDiskFaultTest() {
    options_.directory = temporary_ / "cache";
    options_.max_bytes = kMinCacheBytes;
    options_.on_recreated = [this](const std::string& /*why*/) { ++recreated_; };
  }
  void TearDown() override { faults::clear(); }
  std::unique_ptr<CacheStore> open_cache() {
    auto store = CacheStore::open(options_);
    if (store) return *std::move(store);
    ADD_FAILURE() << store.error().detail;
    return nullptr;
  }

  fakes::TemporaryFolder temporary_;
  CacheStoreOptions options_;
  int recreated_ = 0;
};

TEST_F(CacheDiskFaultTest, ServesOnWhileTheDiskIsFullAndStoresAgainWhenThereIsRoom) {
  const auto store = open_cache();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->put("before", "value"));
  write_error = ENOSPC;
  const std::string value(4096, 'x');
  int refused = 0;
  constexpr int kEntries = 500;  // 2 MB: many times the memtables
  for (int i = 0; i < kEntries; ++i) {
    if (!store->put("key" + std::to_string(i), value)) ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(store->ping()) << "a full disk took the cache out of service";
  EXPECT_EQ(*store->get("before"), "value");
  write_error = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool stored = false;
  while (!stored && std::chrono::steady_clock::now() < deadline) {
    EXPECT_TRUE(store->ping());
    stored = static_cast<bool>(store->put("after", "value"));
    std::this_thread::yield();
  }
  ASSERT_TRUE(stored);
  EXPECT_EQ(*store->get("after"), "value");
  EXPECT_EQ(*store->get("before"), "value");
  EXPECT_EQ(recreated_, 0);
}

// RocksDB's own writer of a LOG file aborts the process when the disk is full.
TEST_F(CacheDiskFaultTest, NeitherStoreKeepsALogFileOfItsMessages) {
  const auto documents = open();
  const auto cache = open_cache();
  EXPECT_FALSE(std::filesystem::exists(directory() + "/LOG"));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/LOG"));
}

TEST_F(CacheDiskFaultTest, RefusesToStartOnAFullDiskAndKeepsTheCache) {
  { ASSERT_TRUE(open_cache()->put("key", "value")); }
  write_error = ENOSPC;
  const auto refused = CacheStore::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_full);
  EXPECT_NE(refused.error().detail.find(options_.directory), std::string::npos) << refused.error().detail;
  write_error = 0;
  EXPECT_EQ(*open_cache()->get("key"), "value");
  EXPECT_EQ(recreated_, 0);
}

TEST_F(CacheDiskFaultTest, IsRecreatedByAPingWhenItCouldNotBeAtOnce) {
  { ASSERT_TRUE(open_cache()->put("key", std::string(20'000, 'x'))); }
  const auto store = open_cache();
  for (const auto& table : files_of(options_.directory, ".sst")) {
    write_bytes(table, std::string(std::filesystem::file_size(table), 'Z'));
  }
  write_error = ENOSPC;
  EXPECT_FALSE(store->get("key"));
  EXPECT_FALSE(store->put("key", "value"));
  EXPECT_FALSE(store->ping());
  write_error = 0;
  ASSERT_TRUE(store->ping());
  EXPECT_EQ(recreated_, 1);
  ASSERT_TRUE(store->put("key", "value"));
  EXPECT_EQ(*store->get("key"), "value");
}

}  // namespace
}  // namespace ragd::store
