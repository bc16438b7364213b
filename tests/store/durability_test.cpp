// Kills, torn tails and damage: what was acknowledged is there, whole, or the store refuses to open.
#include "store/log_check.hpp"
#include "store/store_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <random>

namespace ragd::store {
namespace {

using DurabilityTest = StoreTest;

constexpr int kBatchSize = 3;

std::vector<StoredDocument> batch(std::uint32_t number) {
  std::vector<StoredDocument> documents;
  for (int i = 0; i < kBatchSize; ++i) {
    documents.push_back(
        document(std::to_string(number) + "/" + std::to_string(i), std::string(number % 5000 + 1, 'x')));
  }
  return documents;
}

constexpr const char* kDirectoryVariable = "RAGD_TEST_WRITE_INTO";
constexpr const char* kFirstVariable = "RAGD_TEST_WRITE_FROM";
constexpr const char* kPipeVariable = "RAGD_TEST_TELL";

/// Not a test: what run_and_kill starts. Puts batches for ever and tells a pipe each acknowledged one.
TEST(DurabilityChild, WritesUntilItIsKilled) {
  const char* directory = std::getenv(kDirectoryVariable);
  if (directory == nullptr) GTEST_SKIP() << "only as a child of the kill test";
  const int pipe = std::atoi(std::getenv(kPipeVariable));
  const auto store = DocumentStore::open(directory);
  ASSERT_TRUE(store) << store.error().detail;
  for (auto number = static_cast<std::uint32_t>(std::stoul(std::getenv(kFirstVariable)));; ++number) {
    ASSERT_TRUE(put(**store, "default", batch(number)));
    ASSERT_EQ(::write(pipe, &number, sizeof number), ssize_t{sizeof number});
  }
}

/// A process of its own, not a mere fork: RocksDB's threads do not survive one.
[[noreturn]] void become_writer(const std::string& directory, std::uint32_t first, int pipe) {
  ::setenv(kDirectoryVariable, directory.c_str(), 1);
  ::setenv(kFirstVariable, std::to_string(first).c_str(), 1);
  ::setenv(kPipeVariable, std::to_string(pipe).c_str(), 1);
  ::execl("/proc/self/exe", "store_tests", "--gtest_filter=DurabilityChild.*", "--gtest_brief=1", nullptr);
  ::_exit(1);
}

/// The batch after the last acknowledged one of a writer killed in the middle of its work.
std::uint32_t run_and_kill(const std::string& directory, std::uint32_t first, std::uint32_t acknowledgements) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    become_writer(directory, first, pipe[1]);
  }
  ::close(pipe[1]);
  std::uint32_t next = first;
  std::uint32_t number = 0;
  while (::read(pipe[0], &number, sizeof number) == sizeof number) {
    next = number + 1;
    if (next - first == acknowledgements) ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe[0]);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return next;
}

TEST_F(DurabilityTest, KeepsEveryAcknowledgedBatchWholeThroughKills) {
  std::uint32_t next = 0;
  for (const std::uint32_t acknowledgements : {1U, 7U, 40U, 15U}) {
    next = run_and_kill(directory(), next, acknowledgements);
    const auto store = open();
    ASSERT_TRUE(store);
    for (std::uint32_t number = 0; number <= next; ++number) {
      int found = 0;
      for (const StoredDocument& wanted : batch(number)) {
        const auto read = store->view()->get("default", wanted.document.id);
        if (!read) continue;
        EXPECT_EQ(read->document.text, wanted.document.text);
        ++found;
      }
      // The batch under way when the kill came may be there or not, but not in part.
      EXPECT_TRUE(found == kBatchSize || (number == next && found == 0)) << number << ": " << found;
      if (number == next && found == kBatchSize) ++next;
    }
    EXPECT_TRUE(store->version("default")->ends_with("-" + std::to_string(next)));
  }
}

/// A crash copy whose log holds three batches: large enough to cross a log block, and small ones.
class LogDamageTest : public StoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    ASSERT_TRUE(put(*store_, "default", {document("large", std::string(70'000, 'l'))}));
    large_end_ = log_bytes(directory()).size();
    ASSERT_TRUE(put(*store_, "default", {document("small", "second")}));
    small_end_ = log_bytes(directory()).size();
    ASSERT_TRUE(put(*store_, "default", {document("last", "third")}));
    whole_ = log_bytes(directory());
  }

  static std::filesystem::path log_file(const std::string& where) { return files_of(where, ".log").back(); }
  static std::string log_bytes(const std::string& where) { return bytes_of(log_file(where)); }

  /// The answer of open() to a crash copy with these bytes as its log.
  std::string refusal_of(const std::string& log) {
    write_bytes(log_file(crash_copy()), log);
    return why_refused(other());
  }

  std::unique_ptr<DocumentStore> store_;  // stays open: a close would move the log's documents into a table
  std::string whole_;
  std::size_t large_end_ = 0;
  std::size_t small_end_ = 0;
};

TEST_F(LogDamageTest, CutsATornTailToTheLongestWholePrefix) {
  for (std::size_t size = small_end_; size < whole_.size(); size += 4) {
    write_bytes(log_file(crash_copy()), whole_.substr(0, size));
    const auto store = open(other());
    ASSERT_TRUE(store) << size;
    EXPECT_TRUE(store->view()->get("default", "small"));
    EXPECT_FALSE(store->view()->get("default", "last"));
    EXPECT_TRUE(store->version("default")->ends_with("-2"));
    EXPECT_EQ(store->recovery_notes().size(), size == small_end_ ? 0U : 1U);
  }
}

TEST_F(LogDamageTest, CutsALargeRecordTornBetweenItsFragments) {
  for (const std::size_t size : {std::size_t{32768}, std::size_t{32768 + 5}, std::size_t{65536}, large_end_ - 1}) {
    write_bytes(log_file(crash_copy()), whole_.substr(0, size));
    const auto store = open(other());
    ASSERT_TRUE(store) << size;
    EXPECT_FALSE(store->view()->get("default", "large"));
    EXPECT_TRUE(store->version("default")->ends_with("-0"));
    ASSERT_EQ(store->recovery_notes().size(), 1U);
  }
}

TEST_F(LogDamageTest, RefusesEveryDamagedByteBeforeAnAcknowledgedRecord) {
  for (std::size_t at = large_end_; at < small_end_; ++at) {
    for (const unsigned flip : {0x01U, 0x80U}) {
      std::string log = whole_;
      log[at] = static_cast<char>(static_cast<unsigned char>(log[at]) ^ flip);
      EXPECT_NE(refusal_of(log).find(".log"), std::string::npos) << at;
    }
  }
}

TEST_F(LogDamageTest, RefusesADamagedLastRecordByItsFile) {
  std::string log = whole_;
  log.back() = static_cast<char>(~log.back());
  EXPECT_NE(refusal_of(log).find(".log"), std::string::npos);
}

TEST_F(LogDamageTest, RefusesDamageInsideAnEarlierBlock) {
  for (const std::size_t at : {std::size_t{4}, std::size_t{100}, std::size_t{32768 + 5}, std::size_t{50'000}}) {
    std::string log = whole_;
    log[at] = static_cast<char>(~log[at]);
    EXPECT_NE(refusal_of(log).find(".log"), std::string::npos) << at;
  }
}

TEST_F(LogDamageTest, RefusesAZeroedSectorBeforeAnAcknowledgedRecord) {
  std::string log = whole_;
  log.replace(large_end_, small_end_ - large_end_, small_end_ - large_end_, '\0');
  EXPECT_NE(refusal_of(log).find(".log"), std::string::npos);
}

TEST_F(LogDamageTest, RefusesAStoreThatLostItsLog) {
  std::filesystem::remove(log_file(crash_copy()));
  EXPECT_NE(why_refused(other()).find("log"), std::string::npos) << why_refused(other());
}

TEST_F(DurabilityTest, NeverDiesOfADamagedFile) {
  {
    const auto store = open();
    for (std::uint32_t number = 0; number < 20; ++number) ASSERT_TRUE(put(*store, "default", batch(number)));
    ASSERT_TRUE(put_index(*store, "default", "piece", std::string(100'000, 'i')));
  }
  { const auto flushed = open(); }  // moves the log into a table
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory())) {
    if (entry.path().filename() != "LOCK") names.push_back(entry.path().filename());
  }
  std::mt19937 random(7);
  for (const std::string& name : names) {
    for (int round = 0; round < 12; ++round) {
      const std::filesystem::path file = std::filesystem::path(crash_copy()) / name;
      std::string bytes = bytes_of(file);
      if (bytes.empty()) break;
      for (int i = 0; i <= round; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (round % 4 == 3) bytes.resize(random() % bytes.size());
      write_bytes(file, bytes);
      const auto store = DocumentStore::open(other());
      if (!store) {
        EXPECT_FALSE(store.error().detail.empty());
        continue;
      }
      // Refusing while reading is as good: the text that comes back is one that was put.
      const ViewPtr view = (*store)->view();
      (void)view->for_each("default", [](const StoredDocument& stored) {
        EXPECT_EQ(stored.document.text.find_first_not_of('x'), std::string::npos);
        return Result<void>();
      });
      (void)view->for_each_index("default", "", [](std::string_view /*name*/, std::string_view value) {
        EXPECT_EQ(value, std::string(100'000, 'i'));
        return Result<void>();
      });
    }
  }
}

TEST_F(DurabilityTest, CutsAnIndexRecordThatWasNotSyncedToWhatCameBeforeIt) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "text")}));
  const std::size_t before = bytes_of(files_of(directory(), ".log").back()).size();
  ASSERT_TRUE(put_index(*store, "default", "piece", noise(100'000, 1)));
  const std::string whole = bytes_of(files_of(directory(), ".log").back());
  for (std::size_t size = before + 1; size < whole.size(); size += 9'973) {
    write_bytes(files_of(crash_copy(), ".log").back(), whole.substr(0, size));
    const auto recovered = open(other());
    ASSERT_TRUE(recovered) << size;
    EXPECT_TRUE(*recovered->view()->holds("default", "a"));
    EXPECT_TRUE(index_of(*recovered->view(), "default")->empty());
    EXPECT_EQ(recovered->recovery_notes().size(), 1U);
  }
}

/// A closed store with one large index record, which lies in a file of its own.
class LargeRecordTest : public StoreTest {
 protected:
  void SetUp() override {
    {
      const auto store = open();
      ASSERT_TRUE(put_index(*store, "default", "piece", piece_));
      ASSERT_TRUE(put(*store, "default", {document("a", "text")}));
    }
    ASSERT_EQ(files_of(directory(), ".blob").size(), 1U);
  }

  /// Reading the record from a copy that has something done to its file; empty: the value was right.
  std::string failure_after(const std::function<void(const std::filesystem::path&)>& damage) {
    damage(files_of(crash_copy(), ".blob").front());
    const auto store = DocumentStore::open(other());
    if (!store) return store.error().detail;
    const auto index = index_of(*(*store)->view(), "default");
    if (!index) return index.error().detail;
    EXPECT_TRUE(index->at("piece") == piece_) << "a wrong value";
    EXPECT_TRUE((*store)->view()->get("default", "a"));
    return "";
  }

  const std::string piece_ = noise(100'000, 3);
};

TEST_F(LargeRecordTest, NamesTheStoreWhenAByteOfALargeRecordWasFlipped) {
  EXPECT_EQ(failure_after([](const auto&) {}), "");
  std::size_t size = std::filesystem::file_size(files_of(directory(), ".blob").front());
  // Some of each: the file's header, the record's header and key, the value, the file's footer.
  std::vector<std::size_t> places = {0, 3, 26, 30, 38, 45, 60, 70, size - 1, size - 20, size - 32};
  for (std::size_t at = 100; at < size; at += 12'345) places.push_back(at);
  for (const std::size_t at : places) {
    const std::string failure = failure_after([at](const std::filesystem::path& file) {
      std::string bytes = bytes_of(file);
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ 0x10U);
      write_bytes(file, bytes);
    });
    EXPECT_NE(failure.find(other()), std::string::npos) << at << ": " << failure;
  }
}

TEST_F(LargeRecordTest, NamesTheStoreWhenAFileOfLargeRecordsIsShortOrGone) {
  for (const std::size_t size : {0U, 10U, 1000U, 99'999U}) {
    const std::string failure = failure_after([size](const auto& file) { std::filesystem::resize_file(file, size); });
    EXPECT_NE(failure.find(other()), std::string::npos) << size << ": " << failure;
  }
  const std::string failure = failure_after([](const auto& file) { std::filesystem::remove(file); });
  EXPECT_NE(failure.find(other()), std::string::npos) << failure;
}

}  // namespace
}  // namespace ragd::store
