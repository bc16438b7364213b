#include "store/cache_store_fixture.hpp"

namespace ragd::store {
namespace {

TEST(CacheStore, FindsWhatWasPutAndNothingElse) {
  const fakes::TemporaryFolder temp;
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
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened again = open(temp / "cache");  // recovery wrote the log into a table file; its blocks are cold
  std::string value;
  EXPECT_EQ(again.store->get_fast("key", value), CacheStore::Found::needs_pool);
  EXPECT_EQ(read(*again.store, "key"), "value");
  EXPECT_EQ(again.store->get_fast("key", value), CacheStore::Found::yes);
  EXPECT_EQ(again.store->get_fast("other", value), CacheStore::Found::no);
}

TEST(CacheStore, KeepsItsEntriesOverARestart) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(read(*opened.store, "key"), "value");
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, FlushesOnPingSoThatAKilledProcessLosesLittle) {
  const fakes::TemporaryFolder temp;
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
  const fakes::TemporaryFolder temp;
  const Opened opened = open(temp / "cache");
  ASSERT_TRUE(opened.store->put("key", "value"));
  const Opened again = open(crash_copy(temp / "cache"));
  EXPECT_EQ(read(*again.store, "key"), std::nullopt);
  EXPECT_TRUE(again.recreated->empty());
}

TEST(CacheStore, DoesNotBringBackWhatWasPurgedWhenTheProcessIsKilled) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const Opened opened = open(temp / "cache");
  ASSERT_TRUE(opened.store->erase_if([](std::string_view, std::string_view) { return true; }));
  const Opened again = open(crash_copy(temp / "cache"));
  EXPECT_EQ(read(*again.store, "key"), std::nullopt);
}

TEST(CacheStore, StaysWithinItsBytesAndCountsWhatItDrops) {
  constexpr std::uint64_t kMax = 4ULL << 20;
  const fakes::TemporaryFolder temp;
  const std::string directory = temp / "cache";
  const Opened opened = open(directory, kMax);
  std::mt19937_64 random(1);
  std::uint64_t worst = 0;
  constexpr int kEntries = 8000;  // 32 MB through 4 MB
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(put_patiently(*opened.store, "key" + std::to_string(i), noise(4096, random)));
    if (i % 50 == 0) worst = std::max(worst, bytes_in(directory, {".sst", ".log"}));
  }
  EXPECT_LE(worst, kMax + kMax / 16);  // a file that was dropped lies there until RocksDB has come to remove it
  EXPECT_GT(worst, kMax / 2);          // and it uses what it was given
  EXPECT_GT(opened.evicted->load(), 6500U);
  EXPECT_LT(opened.evicted->load(), 7900U);
  EXPECT_EQ(read(*opened.store, "key0"), std::nullopt);
  EXPECT_TRUE(read(*opened.store, "key7999").has_value());
  EXPECT_LT(opened.store->stats().entries, 1500U);
  EXPECT_LE(opened.store->stats().bytes, kMax);
}

TEST(CacheStore, NeverBringsBackWhatWasErasedOrOverwritten) {
  const fakes::TemporaryFolder temp;
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
  const fakes::TemporaryFolder temp;
  constexpr int kRestarts = 30;
  for (int i = 0; i < kRestarts; ++i) ASSERT_TRUE(open(temp / "cache").store->put("key" + std::to_string(i), "value"));
  const Opened opened = open(temp / "cache");
  for (int i = 0; i < kRestarts; ++i) EXPECT_EQ(read(*opened.store, "key" + std::to_string(i)), "value") << i;
  EXPECT_LT(files_in(temp / "cache", ".sst").size(), 15U);
}

TEST(CacheStore, ErasesWhatThePredicateNamesForGood) {
  const fakes::TemporaryFolder temp;
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

TEST(CacheStore, RefusesAValueThatWouldBlowItsBudget) {
  const fakes::TemporaryFolder temp;
  const Opened opened = open(temp / "cache", kMinCacheBytes);
  const std::string value(opened.store->max_value_bytes() + 1, 'x');
  const auto put = opened.store->put("key", value);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::payload_too_large);
}

TEST(CacheStore, ServesManyThreadsAtOnce) {
  const fakes::TemporaryFolder temp;
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
