#include "store/cache_store.hpp"

#include "fakes/temp_directory.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ragd::store {
namespace {

namespace fs = std::filesystem;

/// A store and what it reported.
struct Opened {
  std::unique_ptr<CacheStore> store;
  std::shared_ptr<std::atomic<std::uint64_t>> evicted = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<std::vector<std::string>> recreated = std::make_shared<std::vector<std::string>>();
};

Opened open(const std::string& directory, std::uint64_t max_bytes = 64ULL << 20) {
  Opened opened;
  CacheStoreOptions options;
  options.directory = directory;
  options.max_bytes = max_bytes;
  options.on_evicted = [evicted = opened.evicted](std::uint64_t entries) { evicted->fetch_add(entries); };
  options.on_recreated = [recreated = opened.recreated](const std::string& why) { recreated->push_back(why); };
  auto store = CacheStore::open(std::move(options));
  if (store) {
    opened.store = std::move(*store);
  } else {
    ADD_FAILURE() << store.error().detail;
  }
  return opened;
}

std::optional<std::string> read(CacheStore& store, const std::string& key) {
  auto got = store.get(key);
  EXPECT_TRUE(got) << got.error().detail;
  return got ? *got : std::nullopt;
}

/// Writes are refused while all memtables wait to be flushed, which happens to whoever writes without a pause.
Result<void> patiently(const std::function<Result<void>()>& write) {
  Result<void> written = write();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!written && written.error().code == Errc::unavailable && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    written = write();
  }
  return written;
}

Result<void> put_patiently(CacheStore& store, const std::string& key, const std::string& value) {
  return patiently([&] { return store.put(key, value); });
}

/// What the end of the process at this moment would leave behind.
std::string crash_copy(const std::string& directory) {
  fs::copy(directory, directory + "-copy", fs::copy_options::recursive);
  return directory + "-copy";
}

/// Bytes LZ4 can't shrink.
std::string noise(std::size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::uint64_t bytes_in(const std::string& directory, const std::set<std::string>& extensions) {
  std::uint64_t total = 0;
  for (const auto& file : fs::directory_iterator(directory)) {
    std::error_code gone;
    const std::uint64_t size = file.file_size(gone);
    if (!gone && extensions.contains(file.path().extension().string())) total += size;
  }
  return total;
}

std::vector<fs::path> files_in(const std::string& directory, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory)) {
    if (file.path().extension() == extension) files.push_back(file.path());
  }
  return files;
}

void scribble_over(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<std::streamoff>(fs::file_size(path));
  for (std::streamoff at = 0; at < size; at += 7) {
    file.seekp(at);
    file.put('\x5A');
  }
}

TEST(CacheStore, FindsWhatWasPutAndNothingElse) {
  const fakes::TempDirectory temp;
  const Opened opened = open(temp / "cache");
  ASSERT_TRUE(opened.store->put("a", "first"));
  ASSERT_TRUE(opened.store->put("a", "second"));
  EXPECT_EQ(read(*opened.store, "a"), "second");
  EXPECT_EQ(read(*opened.store, "b"), std::nullopt);
  std::string value;
  EXPECT_EQ(opened.store->get_fast("a", value), CacheStore::Found::yes);
  EXPECT_EQ(value, "second");
  EXPECT_EQ(opened.store->get_fast("b", value), CacheStore::Found::no);
  ASSERT_TRUE(opened.store->erase("a"));
  EXPECT_EQ(read(*opened.store, "a"), std::nullopt);
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, SendsAReadThatNeedsTheDiskToThePool) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened again = open(temp / "cache");  // recovery wrote the log into a table file; its blocks are cold
  std::string value;
  EXPECT_EQ(again.store->get_fast("key", value), CacheStore::Found::needs_pool);
  EXPECT_EQ(read(*again.store, "key"), "value");
  EXPECT_EQ(again.store->get_fast("key", value), CacheStore::Found::yes);
  EXPECT_EQ(again.store->get_fast("other", value), CacheStore::Found::no);
}

TEST(CacheStore, KeepsItsEntriesOverARestart) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(read(*opened.store, "key"), "value");
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, FlushesOnPingSoThatAKilledProcessLosesLittle) {
  const fakes::TempDirectory temp;
  CacheStoreOptions options;
  options.directory = temp / "cache";
  options.flush_every = std::chrono::seconds(0);
  const auto store = CacheStore::open(options);
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->put("key", "value"));
  ASSERT_TRUE((*store)->ping());
  const Opened opened = open(crash_copy(temp / "cache"));
  EXPECT_EQ(read(*opened.store, "key"), "value");
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, StaysConsistentWhenAKilledProcessHadNotFlushed) {
  const fakes::TempDirectory temp;
  const Opened opened = open(temp / "cache");
  ASSERT_TRUE(opened.store->put("key", "value"));
  const Opened again = open(crash_copy(temp / "cache"));
  EXPECT_EQ(read(*again.store, "key"), std::nullopt);
  EXPECT_TRUE(again.recreated->empty());
}

TEST(CacheStore, DoesNotBringBackWhatWasPurgedWhenTheProcessIsKilled) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened opened = open(temp / "cache");
  ASSERT_TRUE(opened.store->erase_if([](std::string_view, std::string_view) { return true; }));
  const Opened again = open(crash_copy(temp / "cache"));
  EXPECT_EQ(read(*again.store, "key"), std::nullopt);
}

TEST(CacheStore, StaysWithinItsBytesAndCountsWhatItDrops) {
  constexpr std::uint64_t kMax = 4ULL << 20;
  const fakes::TempDirectory temp;
  const std::string directory = temp / "cache";
  const Opened opened = open(directory, kMax);
  std::mt19937_64 random(1);
  std::uint64_t worst = 0;
  constexpr int kEntries = 8000;  // 32 MB through 4 MB
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(put_patiently(*opened.store, "key" + std::to_string(i), noise(4096, random)));
    if (i % 50 == 0) worst = std::max(worst, bytes_in(directory, {".sst", ".log"}));
  }
  EXPECT_LE(worst, kMax);
  EXPECT_GT(worst, kMax / 2);  // and it uses what it was given
  EXPECT_GT(opened.evicted->load(), 6500U);
  EXPECT_LT(opened.evicted->load(), 7900U);
  EXPECT_EQ(read(*opened.store, "key0"), std::nullopt);
  EXPECT_TRUE(read(*opened.store, "key7999").has_value());
  EXPECT_LT(opened.store->stats().entries, 1500U);
  EXPECT_LE(opened.store->stats().bytes, kMax);
}

TEST(CacheStore, NeverBringsBackWhatWasErasedOrOverwritten) {
  const fakes::TempDirectory temp;
  Opened opened = open(temp / "cache", kMinCacheBytes);
  std::mt19937_64 random(7);
  std::map<std::string, std::optional<std::string>> last;
  constexpr int kSteps = 20'000;
  for (int step = 0; step < kSteps; ++step) {
    const std::string key = "key" + std::to_string(random() % 400);
    switch (random() % 8) {
      case 0:
        ASSERT_TRUE(patiently([&] { return opened.store->erase(key); }));
        last[key].reset();
        break;
      case 1:
      case 2:
      case 3: {
        std::string value = noise(random() % 4096, random);
        ASSERT_TRUE(put_patiently(*opened.store, key, value));
        last[key] = std::move(value);
        break;
      }
      default: {
        const auto found = read(*opened.store, key);
        ASSERT_TRUE(!found || found == last[key]) << "an entry came back at step " << step;
      }
    }
    if (step % 4000 == 2000) {
      opened = Opened();
      opened = open(temp / "cache", kMinCacheBytes);
    }
  }
  EXPECT_GT(opened.evicted->load(), 0U);
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, MergesTheSmallFilesThatRestartsLeaveBehind) {
  const fakes::TempDirectory temp;
  constexpr int kRestarts = 30;
  for (int i = 0; i < kRestarts; ++i) ASSERT_TRUE(open(temp / "cache").store->put("key" + std::to_string(i), "value"));
  const Opened opened = open(temp / "cache");
  for (int i = 0; i < kRestarts; ++i) EXPECT_EQ(read(*opened.store, "key" + std::to_string(i)), "value") << i;
  EXPECT_LT(files_in(temp / "cache", ".sst").size(), 15U);
}

TEST(CacheStore, ErasesWhatThePredicateNamesForGood) {
  const fakes::TempDirectory temp;
  {
    const Opened opened = open(temp / "cache");
    for (int i = 0; i < 3000; ++i)
      ASSERT_TRUE(put_patiently(*opened.store, "key" + std::to_string(i), i % 2 == 0 ? "even" : "odd"));
    ASSERT_TRUE(opened.store->ping());
    const auto erased = opened.store->erase_if([](std::string_view, std::string_view value) { return value == "odd"; });
    ASSERT_TRUE(erased);
    EXPECT_EQ(*erased, 1500U);
  }
  const Opened again = open(temp / "cache");
  EXPECT_EQ(read(*again.store, "key1"), std::nullopt);
  EXPECT_EQ(read(*again.store, "key2"), "even");
}

TEST(CacheStore, RefusesADirectoryInUseWithoutTouchingIt) {
  const fakes::TempDirectory temp;
  const Opened first = open(temp / "cache");
  ASSERT_TRUE(first.store->put("key", "value"));
  CacheStoreOptions options;
  options.directory = temp / "cache";
  const auto second = CacheStore::open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_NE(second.error().detail.find("in use"), std::string::npos) << second.error().detail;
  EXPECT_EQ(read(*first.store, "key"), "value");
  ASSERT_TRUE(first.store->put("key", "newer"));
}

TEST(CacheStore, RefusesADirectoryThatAnotherProcessHolds) {
  const fakes::TempDirectory temp;
  const std::string directory = temp / "cache";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    CacheStoreOptions options;
    options.directory = directory;
    auto store = CacheStore::open(std::move(options));
    const char byte = store ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  CacheStoreOptions options;
  options.directory = directory;
  EXPECT_FALSE(CacheStore::open(options));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(open(directory).recreated->empty());
}

TEST(CacheStore, RecreatesADirectoryOfAnotherFormat) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::ofstream(temp / "cache/FORMAT") << "ragd-cache 999\n";
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  ASSERT_TRUE(opened.store->put("key", "new"));
}

TEST(CacheStore, RecreatesADirectoryWhoseManifestIsGarbage) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  for (const auto& file : fs::directory_iterator(temp / "cache")) {
    if (file.path().filename().string().starts_with("MANIFEST")) scribble_over(file.path());
  }
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
  EXPECT_EQ(read(*opened.store, "key"), "new");
}

TEST(CacheStore, RecreatesItselfWhenDamageShowsWhileItRuns) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", std::string(100'000, 'x'))); }
  { const Opened recovered = open(temp / "cache"); }  // the log became a table file
  const Opened opened = open(temp / "cache");
  const auto tables = files_in(temp / "cache", ".sst");
  ASSERT_FALSE(tables.empty());
  for (const auto& table : tables) scribble_over(table);  // its index is in memory: only the read finds out
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
  EXPECT_EQ(read(*opened.store, "key"), "new");
}

std::string why_refused(const std::string& directory) {
  CacheStoreOptions options;
  options.directory = directory;
  const auto opened = CacheStore::open(options);
  return opened ? "" : opened.error().detail;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(CacheStore, RefusesADirectoryOfSomebodyElseAndLeavesItAlone) {
  const fakes::TempDirectory temp;
  fs::create_directories(temp / "cache/sub");
  std::ofstream(temp / "cache/sub/photo.txt") << "photo";
  std::ofstream(temp / "cache/000012.log") << "looks like a database's";
  EXPECT_EQ(why_refused(temp / "cache"), temp / "cache" + std::string(" exists and is not a cache of ragd"));
  EXPECT_EQ(content_of(temp / "cache/sub/photo.txt"), "photo");
  EXPECT_EQ(content_of(temp / "cache/000012.log"), "looks like a database's");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp / "cache"), fs::directory_iterator()), 2);
}

TEST(CacheStore, RefusesADirectoryWhoseFormatFileIsSomebodyElses) {
  const fakes::TempDirectory temp;
  fs::create_directories(temp / "cache");
  std::ofstream(temp / "cache/FORMAT") << "A4 paper";
  std::ofstream(temp / "cache/letter.txt") << "Dear";
  EXPECT_NE(why_refused(temp / "cache").find("is not a cache of ragd"), std::string::npos);
  EXPECT_EQ(content_of(temp / "cache/FORMAT"), "A4 paper");
  EXPECT_EQ(content_of(temp / "cache/letter.txt"), "Dear");
}

TEST(CacheStore, LeavesForeignFilesInADamagedCacheThatItRecreates) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::ofstream(temp / "cache/notes.txt") << "notes";
  std::ofstream(temp / "cache/CURRENT") << "garbage";
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  EXPECT_EQ(content_of(temp / "cache/notes.txt"), "notes");
}

TEST(CacheStore, RecreatesACacheWithoutItsFormatMark) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  fs::remove(temp / "cache/FORMAT");
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
}

TEST(CacheStore, RecreatesADirectoryWhoseManifestIsGone) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::vector<fs::path> manifests;
  for (const auto& file : fs::directory_iterator(temp / "cache")) {
    if (file.path().filename().string().starts_with("MANIFEST")) manifests.push_back(file.path());
  }
  for (const auto& manifest : manifests) fs::remove(manifest);
  EXPECT_EQ(open(temp / "cache").recreated->size(), 1U);
}

TEST(CacheStore, KeepsTheCacheWhenOpeningFailsForAnotherReasonThanDamage) {
  const fakes::TempDirectory temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const std::string current = content_of(temp / "cache/CURRENT");
  fs::remove(temp / "cache/CURRENT");
  fs::create_directory(temp / "cache/CURRENT");  // an IO error to whoever reads it
  EXPECT_NE(why_refused(temp / "cache").find(temp / "cache"), std::string::npos);
  fs::remove(temp / "cache/CURRENT");
  std::ofstream(temp / "cache/CURRENT") << current;
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(read(*opened.store, "key"), "value");
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, RefusesAPathThatIsAFile) {
  const fakes::TempDirectory temp;
  std::ofstream(temp / "cache") << "not a directory";
  EXPECT_NE(why_refused(temp / "cache").find("is not a cache of ragd"), std::string::npos);
  EXPECT_EQ(content_of(temp / "cache"), "not a directory");
}

TEST(CacheStore, SaysSoWhenTheDirectoryCannotBeMade) {
  CacheStoreOptions options;
  options.directory = "/proc/nowhere/cache";
  const auto opened = CacheStore::open(options);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().detail.find("/proc/nowhere/cache"), std::string::npos);
}

TEST(CacheStore, RefusesAValueThatWouldBlowItsBudget) {
  const fakes::TempDirectory temp;
  const Opened opened = open(temp / "cache", kMinCacheBytes);
  const std::string value(opened.store->max_value_bytes() + 1, 'x');
  const auto put = opened.store->put("key", value);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::payload_too_large);
}

TEST(CacheStore, ServesManyThreadsAtOnce) {
  const fakes::TempDirectory temp;
  const Opened opened = open(temp / "cache", kMinCacheBytes);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store = *opened.store, t] {
      std::mt19937_64 random(static_cast<std::uint64_t>(t));
      std::string value;
      for (int i = 0; i < 500; ++i) {
        const std::string key = "key" + std::to_string(random() % 50);
        EXPECT_TRUE(put_patiently(store, key, key + std::string(1000, 'v')));
        if (store.get_fast(key, value) == CacheStore::Found::yes) {
          EXPECT_EQ(value.substr(0, key.size()), key);
        }
        if (i % 100 == 99) {
          EXPECT_TRUE(store.erase_if([](std::string_view, std::string_view) { return true; }));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ragd::store
