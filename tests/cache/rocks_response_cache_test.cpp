#include "cache/rocks_response_cache.hpp"

#include "cache/record.hpp"
#include "fakes/run_task.hpp"
#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

namespace ragd::cache {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kNow = 1'000'000;

CacheKey key(const std::string& bytes, std::uint64_t hash = 42) {
  return {bytes, hash};
}

CachedAnswerPtr answer(const std::string& json, const std::string& version = "v1",
                       const std::string& tenant = "default") {
  auto made = std::make_shared<CachedAnswer>();
  made->tenant = tenant;
  made->version = version;
  made->fingerprint = {1, 2};
  made->stored_at_ms = kNow;
  made->expires_at_ms = kNow + 1000;
  made->json = json;
  made->documents = {"doc-" + json};
  return made;
}

struct RocksResponseCacheTest : testing::Test {
  void SetUp() override { reopen(); }

  void reopen() {
    cache.reset();
    auto opened = RocksResponseCache::open(directory, settings, pool, metrics);
    ASSERT_TRUE(opened) << opened.error().detail;
    cache = std::move(*opened);
  }

  std::string get(const CacheKey& k, std::int64_t now = kNow) {
    const auto got = fakes::run_task(io, cache->get(k, now));
    if (!got) return "error: " + got.error().detail;
    return *got ? (*got)->json : "nothing";
  }

  void put(const CacheKey& k, const CachedAnswerPtr& entry, std::optional<std::uint64_t> epoch = {}) {
    EXPECT_TRUE(fakes::run_task(io, cache->put(k, entry, epoch.value_or(cache->epoch()))));
  }

  std::uint64_t purge(const PurgeSelector& selector) {
    const auto purged = fakes::run_task(io, cache->purge(selector));
    EXPECT_TRUE(purged);
    return purged ? *purged : 0;
  }

  CachedAnswerPtr adopt(const CacheKey& k, const CachedAnswerPtr& seen, const std::string& version) {
    const auto adopted = fakes::run_task(io, cache->adopt(k, seen, version, cache->epoch()));
    EXPECT_TRUE(adopted);
    return adopted ? *adopted : nullptr;
  }

  fakes::TemporaryFolder temp;
  std::string directory = temp / "cache";
  CacheSettings settings;
  boost::asio::io_context io;
  obs::Metrics metrics;
  boost::asio::thread_pool pool{2};
  std::unique_ptr<RocksResponseCache> cache;
};

TEST_F(RocksResponseCacheTest, ServesFromMemoryWhatWasJustStored) {
  const CachedAnswerPtr stored = answer("a");
  put(key("k"), stored);
  EXPECT_EQ(cache->peek(key("k"), kNow), stored);
  EXPECT_EQ(get(key("k")), "a");
  EXPECT_EQ(get(key("other", 7)), "nothing");
}

TEST_F(RocksResponseCacheTest, ServesFromDiskAfterARestartAndThenFromMemory) {
  put(key("k"), answer("a"));
  reopen();
  EXPECT_EQ(cache->peek(key("k"), kNow), nullptr);
  EXPECT_EQ(get(key("k")), "a");
  EXPECT_NE(cache->peek(key("k"), kNow), nullptr);
}

TEST_F(RocksResponseCacheTest, NeverServesAnotherKeyWithTheSameHash) {
  put(key("one"), answer("a"));
  EXPECT_EQ(cache->peek(key("two"), kNow), nullptr);
  EXPECT_EQ(get(key("two")), "nothing");
  put(key("two"), answer("b"));
  EXPECT_EQ(get(key("one")), "a") << "displaced in memory, still on disk";
  reopen();
  EXPECT_EQ(get(key("one")), "a");
  EXPECT_EQ(get(key("two")), "b");
}

TEST_F(RocksResponseCacheTest, LetsGoOfAnExpiredEntryInBothTiersAndCountsItOnce) {
  put(key("k"), answer("a"));
  EXPECT_EQ(get(key("k"), kNow + 999), "a");
  EXPECT_EQ(get(key("k"), kNow + 1000), "nothing");
  EXPECT_EQ(get(key("k"), kNow + 1001), "nothing");
  EXPECT_EQ(metrics.cache_evictions.value(obs::Eviction::ttl), 1U);
  EXPECT_EQ(get(key("k"), kNow), "nothing") << "it is gone, not hidden";
}

TEST_F(RocksResponseCacheTest, DropsARecordThatDoesNotDecodeAndCountsAnError) {
  cache.reset();
  store::CacheStoreOptions options;
  options.directory = directory;
  auto store = store::CacheStore::open(options);
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->put("k", encode(*answer("a")).substr(0, 20)));
  store->reset();
  reopen();
  EXPECT_EQ(get(key("k")), "nothing");
  EXPECT_EQ(get(key("k")), "nothing");
  EXPECT_EQ(metrics.cache_errors.value(obs::CacheOp::get), 1U);
}

TEST_F(RocksResponseCacheTest, RecreatesADamagedDirectoryAndServesOn) {
  put(key("k"), answer("a"));
  cache.reset();
  for (const auto& file : fs::directory_iterator(directory)) {
    if (file.path().filename().string().starts_with("MANIFEST")) fs::resize_file(file.path(), 5);
  }
  reopen();
  EXPECT_EQ(metrics.cache_errors.value(obs::CacheOp::open), 1U);
  EXPECT_EQ(get(key("k")), "nothing");
  put(key("k"), answer("b"));
  EXPECT_EQ(get(key("k")), "b");
  EXPECT_TRUE(fakes::run_task(io, cache->ping()));
}

TEST_F(RocksResponseCacheTest, DoesNotStoreWhatIsOlderThanAPurge) {
  const std::uint64_t before = cache->epoch();
  EXPECT_EQ(purge({}), 0U);
  put(key("k"), answer("a"), before);
  EXPECT_EQ(get(key("k")), "nothing");
  reopen();
  EXPECT_EQ(get(key("k")), "nothing");
}

TEST_F(RocksResponseCacheTest, PurgesByTenantDocumentAndAll) {
  put(key("1", 1), answer("a"));
  put(key("2", 2), answer("b"));
  put(key("3", 3), answer("c", "v1", "acme"));
  EXPECT_EQ(purge({"default", "doc-a"}), 1U);
  EXPECT_EQ(get(key("1", 1)), "nothing");
  EXPECT_EQ(purge({"acme", ""}), 1U);
  EXPECT_EQ(get(key("3", 3)), "nothing");
  EXPECT_EQ(get(key("2", 2)), "b");
  EXPECT_EQ(purge({}), 1U);
  reopen();
  EXPECT_EQ(get(key("2", 2)), "nothing");
  EXPECT_EQ(metrics.cache_evictions.value(obs::Eviction::invalidated), 3U);
}

TEST_F(RocksResponseCacheTest, AdoptsANewVersionAndKeepsTheAge) {
  const CachedAnswerPtr seen = answer("a", "v1");
  put(key("k"), seen);
  const CachedAnswerPtr adopted = adopt(key("k"), seen, "v2");
  EXPECT_EQ(adopted->version, "v2");
  EXPECT_EQ(adopted->stored_at_ms, seen->stored_at_ms);
  EXPECT_EQ(adopted->expires_at_ms, seen->expires_at_ms);
  EXPECT_EQ(cache->peek(key("k"), kNow)->version, "v2");
  reopen();
  const auto kept = fakes::run_task(io, cache->get(key("k"), kNow));
  EXPECT_EQ((*kept)->version, "v2");
}

TEST_F(RocksResponseCacheTest, AdoptsAnEntryThatIsOnDiskAlone) {
  put(key("k"), answer("a", "v1"));
  reopen();
  const auto seen = fakes::run_task(io, cache->get(key("k"), kNow));
  reopen();
  adopt(key("k"), *seen, "v2");
  EXPECT_EQ(cache->peek(key("k"), kNow)->version, "v2");
}

TEST_F(RocksResponseCacheTest, DoesNotAdoptOverAnEntryItHasNotSeen) {
  const CachedAnswerPtr seen = answer("old", "v1");
  put(key("k"), answer("new", "v3"));
  EXPECT_EQ(adopt(key("k"), seen, "v2")->json, "old") << "good for this response, not for the next";
  EXPECT_EQ(cache->peek(key("k"), kNow)->version, "v3");
  reopen();
  EXPECT_EQ(get(key("k")), "new");
}

TEST_F(RocksResponseCacheTest, DoesNotAdoptWhatAPurgeTook) {
  const CachedAnswerPtr seen = answer("a", "v1");
  put(key("k"), seen);
  const std::uint64_t before = cache->epoch();
  purge({});
  const auto adopted = fakes::run_task(io, cache->adopt(key("k"), seen, "v2", before));
  EXPECT_TRUE(adopted);
  adopt(key("k"), seen, "v2");  // nor when asked with the present epoch: the entry is gone
  EXPECT_EQ(get(key("k")), "nothing");
}

TEST_F(RocksResponseCacheTest, ServesAnEntryTooLargeForMemoryFromDisk) {
  settings.hot_bytes = 16 * 1024;
  reopen();
  const std::string body(100'000, 'x');
  put(key("k"), answer(body));
  ASSERT_NE(cache->peek(key("k"), kNow), nullptr) << "RocksDB's own memory has it";
  EXPECT_EQ(cache->peek(key("k"), kNow)->json, body);
  reopen();
  EXPECT_EQ(cache->peek(key("k"), kNow), nullptr) << "now it is on disk alone";
  EXPECT_EQ(get(key("k")), body);
}

TEST_F(RocksResponseCacheTest, CountsAnAnswerItCannotStoreAndKeepsServing) {
  const auto stored = fakes::run_task(io, cache->put(key("k"), answer(std::string(32U << 20, 'x')), 0));
  EXPECT_FALSE(stored);
  EXPECT_EQ(metrics.cache_errors.value(obs::CacheOp::put), 1U);
  put(key("k"), answer("a"));
  EXPECT_EQ(get(key("k")), "a");
}

TEST_F(RocksResponseCacheTest, NeverBringsBackAPurgedAnswerWhileCoresReadAndWrite) {
  // Each answer says in which epoch it was computed; after a purge no older one may be found.
  constexpr int kThreads = 3;
  constexpr int kPurges = 100;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &done] {
      boost::asio::io_context core;
      for (std::uint64_t i = 0; !done; ++i) {
        const CacheKey mine = key("k" + std::to_string(i % 20), i % 20);
        const std::uint64_t epoch = cache->epoch();
        if ((i + static_cast<std::uint64_t>(t)) % 2 == 0) {
          EXPECT_TRUE(fakes::run_task(core, cache->put(mine, answer(std::to_string(epoch)), epoch)));
        } else {
          EXPECT_TRUE(fakes::run_task(core, cache->get(mine, kNow)));
        }
      }
    });
  }
  for (int i = 0; i < kPurges; ++i) {
    const std::uint64_t before = cache->epoch();
    purge({});
    for (std::uint64_t k = 0; k < 20; ++k) {
      const std::string found = get(key("k" + std::to_string(k), k));
      EXPECT_TRUE(found == "nothing" || std::stoull(found) > before) << found << " after the purge of " << before;
    }
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ragd::cache
