// A disk that fills up or fails: this binary's write, fdatasync and statvfs stand before the C library's, also for
// RocksDB.
#include "store/store_fixture.hpp"

#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>

namespace {

std::atomic<int> write_error{0};
std::atomic<int> sync_error{0};
std::atomic<int> syncs{0};
std::atomic<bool> no_room{false};

/// Faults are for the stores' files, not for what the test prints.
bool is_store_file(int fd) {
  std::array<char, 512> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 &&
         std::string_view(path.data(), static_cast<std::size_t>(size)).find("/documents") != std::string_view::npos;
}

}  // namespace

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  const int error = write_error.load();
  if (error != 0 && is_store_file(fd)) {
    // As a filling disk does: the first half fits.
    if (size > 1) return ::syscall(SYS_write, fd, bytes, size / 2);
    errno = error;
    return -1;
  }
  return ::syscall(SYS_write, fd, bytes, size);
}

extern "C" int fdatasync(int fd) {
  if (is_store_file(fd)) {
    ++syncs;
    if (sync_error.load() != 0) {
      errno = sync_error.load();
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" int statvfs(const char* path, struct statvfs* disk) {
  struct statfs native {};
  if (::statfs(path, &native) != 0) return -1;
  disk->f_frsize = static_cast<unsigned long>(native.f_bsize);
  disk->f_bavail = no_room.load() ? 10 : native.f_bavail;
  return 0;
}

namespace ragd::store {
namespace {

class DiskFaultTest : public StoreTest {
 protected:
  void TearDown() override {
    write_error = 0;
    sync_error = 0;
    no_room = false;
  }
};

TEST_F(DiskFaultTest, SyncsTheLogBeforeItAcknowledges) {
  const auto store = open();
  for (int round = 0; round < 3; ++round) {
    const int before = syncs.load();
    ASSERT_TRUE(store->put("default", {document("a", std::to_string(round))}));
    EXPECT_GT(syncs.load(), before);
  }
}

TEST_F(DiskFaultTest, RefusesWritesWhileTheDiskHasNoRoomAndReadsOn) {
  const auto store = open();
  ASSERT_TRUE(store->put("default", {document("before", "text")}));
  no_room = true;
  EXPECT_EQ(store->put("default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_TRUE(store->get("default", "before"));
  EXPECT_TRUE(store->ping());
  no_room = false;
  const auto written = store->put("default", {document("after", "text")});
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->version.ends_with("-2"));
  EXPECT_FALSE(store->get("default", "lost"));
}

/// RocksDB looks again every few seconds; each try here is a real put, refused at once until it has.
Result<WriteReceipt> put_when_recovered(DocumentStore& store, const StoredDocument& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  Result<WriteReceipt> written = store.put("default", {wanted});
  while (!written && written.error().code == Errc::storage_full && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    written = store.put("default", {wanted});
  }
  return written;
}

TEST_F(DiskFaultTest, RecoversFromADiskThatFilledUpInTheMiddleOfTheFirstRecord) {
  const auto store = open();
  write_error = ENOSPC;
  EXPECT_EQ(store->put("default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_EQ(store->put("default", {document("lost", "text")}).error().code, Errc::storage_full);
  write_error = 0;
  const auto written = put_when_recovered(*store, document("after", "text"));
  ASSERT_TRUE(written) << written.error().detail;
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(recovered->get("default", "after"));
  EXPECT_FALSE(recovered->get("default", "lost"));
  EXPECT_EQ(*recovered->version("default"), written->version);
}

// The record is whole in the log, and yet the write failed: it must not come back under a version that is another's.
TEST_F(DiskFaultTest, AFailedWriteStaysAwayThoughItsRecordIsInTheLog) {
  const auto store = open();
  ASSERT_TRUE(store->put("default", {document("before", "text"), document("changed", "old")}));
  sync_error = ENOSPC;
  EXPECT_EQ(store->put("default", {document("lost", "text"), document("changed", "new")}).error().code,
            Errc::storage_full);
  sync_error = 0;
  EXPECT_EQ(store->get("default", "changed")->document.text, "old");
  const auto written = put_when_recovered(*store, document("after", "text"));
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_TRUE(written->version.ends_with("-2"));
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_FALSE(recovered->get("default", "lost"));
  EXPECT_EQ(recovered->get("default", "changed")->document.text, "old");
  EXPECT_EQ(*recovered->version("default"), written->version);
}

TEST_F(DiskFaultTest, IsReadOnlyAfterAFailedSyncUntilItIsOpenedAgain) {
  auto store = open();
  ASSERT_TRUE(store->put("default", {document("before", "text")}));
  sync_error = EIO;
  EXPECT_EQ(store->put("default", {document("doubtful", "text")}).error().code, Errc::unavailable);
  sync_error = 0;
  EXPECT_EQ(store->put("default", {document("later", "text")}).error().code, Errc::unavailable);
  EXPECT_EQ(store->erase("default", "before").error().code, Errc::unavailable);
  EXPECT_TRUE(store->get("default", "before"));
  EXPECT_EQ(store->ping().error().code, Errc::unavailable);
  store.reset();
  store = open();
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->get("default", "before"));
  EXPECT_TRUE(store->put("default", {document("later", "text")}));
}

}  // namespace
}  // namespace ragd::store
