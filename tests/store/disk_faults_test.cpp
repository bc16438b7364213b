#include "store/disk_faults.hpp"

#include "store/store_fixture.hpp"

#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

namespace ragd::store::faults {

std::atomic<int> write_error{0};
std::atomic<int> sync_error{0};
std::atomic<int> syncs{0};
std::atomic<bool> no_room{false};
std::atomic<bool> no_syncs{false};
std::atomic<int> steps_to_live{0};

}  // namespace ragd::store::faults

namespace {

namespace faults = ragd::store::faults;

bool is_store_path(std::string_view path) {
  return path.find("/documents") != std::string_view::npos || path.find("/cache") != std::string_view::npos;
}

bool is_store_file(int fd) {
  std::array<char, 512> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 && is_store_path({path.data(), static_cast<std::size_t>(size)});
}

bool is_last_step() {
  int left = faults::steps_to_live.load();
  while (left > 0 && !faults::steps_to_live.compare_exchange_weak(left, left - 1)) {
  }
  return left == 1;
}

void die() {
  ::kill(::getpid(), SIGKILL);
}

}  // namespace

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  const int error = faults::write_error.load();
  if (error != 0 && is_store_file(fd)) {
    // As a filling disk does: the first half fits.
    if (size > 1) return ::syscall(SYS_write, fd, bytes, size / 2);
    errno = error;
    return -1;
  }
  if (faults::steps_to_live.load() > 0 && is_store_file(fd) && is_last_step()) {
    ::syscall(SYS_write, fd, bytes, size / 2);
    die();
  }
  return ::syscall(SYS_write, fd, bytes, size);
}

extern "C" int fdatasync(int fd) {
  if (is_store_file(fd)) {
    ++faults::syncs;
    if (is_last_step()) die();
    if (faults::sync_error.load() != 0) {
      errno = faults::sync_error.load();
      return -1;
    }
  }
  return faults::no_syncs.load() ? 0 : static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" int fsync(int fd) {
  return faults::no_syncs.load() ? 0 : static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int rename(const char* from, const char* to) {
  if (is_store_path(from) && is_last_step()) die();
  return static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

extern "C" int renameat2(int from_in, const char* from, int to_in, const char* to, unsigned flags) {
  if (is_store_path(from) && is_last_step()) die();
  return static_cast<int>(::syscall(SYS_renameat2, from_in, from, to_in, to, flags));
}

extern "C" int syncfs(int fd) {
  return faults::no_syncs.load() ? 0 : static_cast<int>(::syscall(SYS_syncfs, fd));
}

extern "C" int link(const char* from, const char* to) {
  if (is_store_path(from) && is_last_step()) die();
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

extern "C" int statvfs(const char* path, struct statvfs* disk) {
  struct statfs native {};
  if (::statfs(path, &native) != 0) return -1;
  // RocksDB asks with f_bsize and, as root, with f_bfree.
  *disk = {};
  disk->f_bsize = static_cast<unsigned long>(native.f_bsize);
  disk->f_frsize = disk->f_bsize;
  disk->f_bfree = faults::no_room.load() ? 10 : native.f_bfree;
  disk->f_bavail = faults::no_room.load() ? 10 : native.f_bavail;
  return 0;
}

namespace ragd::store {
namespace {

using faults::no_room;
using faults::sync_error;
using faults::syncs;
using faults::write_error;

class DiskFaultTest : public StoreTest {
 protected:
  void TearDown() override { faults::clear(); }
};

TEST_F(DiskFaultTest, SyncsTheLogBeforeItAcknowledges) {
  const auto store = open();
  for (int round = 0; round < 3; ++round) {
    const int before = syncs.load();
    ASSERT_TRUE(put(*store, "default", {document("a", std::to_string(round))}));
    EXPECT_GT(syncs.load(), before);
  }
}

TEST_F(DiskFaultTest, RefusesWritesWhileTheDiskHasNoRoomAndReadsOn) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("before", "text")}));
  no_room = true;
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_TRUE(store->view()->get("default", "before"));
  EXPECT_TRUE(store->ping());
  no_room = false;
  const auto written = put(*store, "default", {document("after", "text")});
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->version.ends_with("-2"));
  EXPECT_FALSE(store->view()->get("default", "lost"));
}

/// RocksDB looks again every few seconds; each try here is a real put, refused at once until it has.
Result<Receipt> put_when_recovered(DocumentStore& store, const StoredDocument& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  Result<Receipt> written = put(store, "default", {wanted});
  while (!written && written.error().code == Errc::storage_full && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    written = put(store, "default", {wanted});
  }
  return written;
}

TEST_F(DiskFaultTest, RecoversFromADiskThatFilledUpInTheMiddleOfTheFirstRecord) {
  const auto store = open();
  write_error = ENOSPC;
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  write_error = 0;
  const auto written = put_when_recovered(*store, document("after", "text"));
  ASSERT_TRUE(written) << written.error().detail;
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(recovered->view()->get("default", "after"));
  EXPECT_FALSE(recovered->view()->get("default", "lost"));
  EXPECT_EQ(*recovered->version("default"), written->version);
}

// RocksDB changes to a new log inside the write that follows a filled memtable.
TEST_F(DiskFaultTest, RecoversFromADiskThatFilledUpWhenAMemtableWasFull) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("big", std::string(5 << 20, 'x'))}));
  write_error = ENOSPC;
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_TRUE(store->view()->get("default", "big"));
  EXPECT_TRUE(store->ping());
  write_error = 0;
  const auto written = put_when_recovered(*store, document("after", "text"));
  ASSERT_TRUE(written) << written.error().detail;
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(recovered->view()->get("default", "big"));
  EXPECT_TRUE(recovered->view()->get("default", "after"));
  EXPECT_FALSE(recovered->view()->get("default", "lost"));
}

// The record is whole in the log, and yet the write failed: it must not come back under a version that is another's.
TEST_F(DiskFaultTest, AFailedWriteStaysAwayThoughItsRecordIsInTheLog) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("before", "text"), document("changed", "old")}));
  sync_error = ENOSPC;
  EXPECT_EQ(put(*store, "default", {document("lost", "text"), document("changed", "new")}).error().code,
            Errc::storage_full);
  sync_error = 0;
  EXPECT_EQ(store->view()->get("default", "changed")->document.text, "old");
  const auto written = put_when_recovered(*store, document("after", "text"));
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_TRUE(written->version.ends_with("-2"));
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_FALSE(recovered->view()->get("default", "lost"));
  EXPECT_EQ(recovered->view()->get("default", "changed")->document.text, "old");
  EXPECT_EQ(*recovered->version("default"), written->version);
}

TEST_F(DiskFaultTest, IsReadOnlyAfterAFailedSyncUntilItIsOpenedAgain) {
  auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("before", "text")}));
  sync_error = EIO;
  EXPECT_EQ(put(*store, "default", {document("doubtful", "text")}).error().code, Errc::unavailable);
  sync_error = 0;
  EXPECT_EQ(put(*store, "default", {document("later", "text")}).error().code, Errc::unavailable);
  EXPECT_EQ(erase(*store, "default", "before").error().code, Errc::unavailable);
  EXPECT_TRUE(store->view()->get("default", "before"));
  EXPECT_EQ(store->ping().error().code, Errc::unavailable);
  store.reset();
  store = open();
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->view()->get("default", "before"));
  EXPECT_TRUE(put(*store, "default", {document("later", "text")}));
}

TEST_F(DiskFaultTest, SyncsACommitThatBumpsTheVersionThoughNoDocumentChanges) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "text")}));
  const std::string before = *store->version("default");
  const int syncs_before = syncs.load();
  Write write("default");
  write.put_index("name", "bytes");
  write.bump_version();
  ASSERT_TRUE(store->commit(write));
  EXPECT_EQ(syncs.load(), syncs_before + 1);
  EXPECT_NE(*store->version("default"), before);
}

TEST_F(DiskFaultTest, SyncsIndexRecordsWithWhateverIsCommittedNext) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "text")}));
  const int before = syncs.load();
  ASSERT_TRUE(put_index(*store, "default", "first", "bytes"));
  EXPECT_EQ(syncs.load(), before);
  ASSERT_TRUE(put_index(*store, "default", "second", "bytes"));
  EXPECT_EQ(syncs.load(), before + 1);
  ASSERT_TRUE(put(*store, "default", {document("b", "text")}));
  EXPECT_EQ(syncs.load(), before + 3) << "the second, and then the documents";
  ASSERT_TRUE(put(*store, "default", {document("c", "text")}));
  EXPECT_EQ(syncs.load(), before + 4);
}

TEST_F(DiskFaultTest, IsReadOnlyWhenAnIndexRecordCannotBeSyncedLater) {
  auto store = open();
  ASSERT_TRUE(put_index(*store, "default", "name", "bytes"));
  sync_error = EIO;
  EXPECT_EQ(put(*store, "default", {document("doubtful", "text")}).error().code, Errc::unavailable);
  sync_error = 0;
  EXPECT_EQ(put_index(*store, "default", "name", "later").error().code, Errc::unavailable);
  EXPECT_EQ(store->checkpoint(other()).error().code, Errc::unavailable);
  EXPECT_EQ(index_of(*store->view(), "default")->at("name"), "bytes");
  EXPECT_EQ(store->ping().error().code, Errc::unavailable);
  store.reset();
  store = open();
  ASSERT_TRUE(store);
  EXPECT_FALSE(*store->view()->holds("default", "doubtful"));
  EXPECT_TRUE(put(*store, "default", {document("later", "text")}));
}

TEST_F(DiskFaultTest, RecoversFromADiskThatFilledUpWhenAnIndexRecordWasToBeSynced) {
  const auto store = open();
  ASSERT_TRUE(put_index(*store, "default", "name", "bytes"));
  sync_error = ENOSPC;
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
  sync_error = 0;
  ASSERT_TRUE(put_when_recovered(*store, document("after", "text")));
  const auto recovered = open(crash_copy());
  ASSERT_TRUE(recovered);
  EXPECT_EQ(index_of(*recovered->view(), "default")->at("name"), "bytes");
  EXPECT_FALSE(*recovered->view()->holds("default", "lost"));
}

constexpr std::size_t kPieceBytes = 1 << 20;

std::string piece_bytes(int piece) {
  return noise(kPieceBytes, static_cast<std::mt19937::result_type>(piece));
}

/// Piece by piece, as a merge writes a segment; how many were acknowledged before the first that was not.
int put_pieces(DocumentStore& store, int pieces) {
  for (int piece = 0; piece < pieces; ++piece) {
    if (!put_index(store, "default", "piece" + std::to_string(piece), piece_bytes(piece))) return piece;
  }
  return pieces;
}

void expect_pieces(const View& view, int pieces) {
  const auto index = index_of(view, "default");
  ASSERT_TRUE(index) << index.error().detail;
  ASSERT_GE(index->size(), static_cast<std::size_t>(pieces));
  for (int piece = 0; piece < pieces; ++piece) {
    EXPECT_TRUE(index->at("piece" + std::to_string(piece)) == piece_bytes(piece)) << piece;
  }
}

// Three of them leave a memtable that takes another one, four fill it.
TEST_F(DiskFaultTest, RecoversFromADiskThatFilledUpBetweenTwoPieces) {
  for (const int pieces : {3, 4}) {
    std::filesystem::remove_all(directory());
    auto store = open();
    ASSERT_EQ(put_pieces(*store, pieces), pieces);
    write_error = ENOSPC;
    EXPECT_EQ(put_index(*store, "default", "lost", piece_bytes(-1)).error().code, Errc::storage_full);
    EXPECT_EQ(put(*store, "default", {document("lost", "text")}).error().code, Errc::storage_full);
    expect_pieces(*store->view(), pieces);
    EXPECT_TRUE(store->ping());
    write_error = 0;
    ASSERT_TRUE(put_when_recovered(*store, document("after", "text")));
    const auto recovered = open(crash_copy());
    ASSERT_TRUE(recovered);
    expect_pieces(*recovered->view(), pieces);
    EXPECT_FALSE(index_of(*recovered->view(), "default", "lost")->contains("lost"));
    EXPECT_FALSE(*recovered->view()->holds("default", "lost"));
    EXPECT_TRUE(*recovered->view()->holds("default", "after"));
  }
}

TEST_F(DiskFaultTest, RefusesPiecesWhileTheDiskHasNoRoom) {
  const auto store = open();
  no_room = true;
  EXPECT_EQ(put_index(*store, "default", "piece", piece_bytes(-1)).error().code, Errc::storage_full);
  EXPECT_EQ(store->checkpoint(other()).error().code, Errc::storage_full);
  no_room = false;
  EXPECT_TRUE(put_index(*store, "default", "piece", piece_bytes(-1)));
}

}  // namespace
}  // namespace ragd::store
