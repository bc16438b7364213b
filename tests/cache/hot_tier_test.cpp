#include "cache/hot_tier.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ragd::cache {
namespace {

constexpr std::int64_t kNow = 1000;

CacheKey key(const std::string& bytes, std::uint64_t hash) {
  return {bytes, hash};
}

CachedAnswerPtr answer(const std::string& json, std::int64_t expires_at_ms = kNow + 1) {
  auto made = std::make_shared<CachedAnswer>();
  made->tenant = "default";
  made->json = json;
  made->expires_at_ms = expires_at_ms;
  made->documents = {"doc-" + json.substr(0, 1)};
  return made;
}

struct HotTierTest : testing::Test {
  std::atomic<std::uint64_t> epoch{0};
  HotTier tier{1U << 20, epoch};
};

TEST_F(HotTierTest, HandsOutTheVeryObjectItHolds) {
  const CachedAnswerPtr stored = answer("a");
  tier.put(key("k", 1), stored, 0);
  EXPECT_EQ(tier.find(key("k", 1), kNow), stored);
  EXPECT_EQ(tier.find(key("k", 2), kNow), nullptr);
}

TEST_F(HotTierTest, NeverTakesOneKeyForAnotherWithTheSameHash) {
  tier.put(key("one", 7), answer("a"), 0);
  EXPECT_EQ(tier.find(key("two", 7), kNow), nullptr);
  tier.put(key("two", 7), answer("b"), 0);
  EXPECT_EQ(tier.find(key("two", 7), kNow)->json, "b");
  EXPECT_EQ(tier.find(key("one", 7), kNow), nullptr);
  EXPECT_EQ(tier.stats().entries, 1U);
}

TEST_F(HotTierTest, DropsAnEntryTheMomentItExpires) {
  tier.put(key("k", 1), answer("a", kNow), 0);
  EXPECT_NE(tier.find(key("k", 1), kNow - 1), nullptr);
  EXPECT_EQ(tier.find(key("k", 1), kNow), nullptr);
  EXPECT_EQ(tier.stats().entries, 0U);
  EXPECT_EQ(tier.stats().bytes, 0U);
}

TEST_F(HotTierTest, StaysWithinItsBytesAndDropsTheLeastRecentlyUsed) {
  const std::string body(1000, 'x');
  constexpr std::uint64_t kCount = 5000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    tier.put(key(std::to_string(i), i), answer(body), 0);  // small hashes: all in one shard
    EXPECT_NE(tier.find(key("0", 0), kNow), nullptr) << "in use all the time";
    ASSERT_LE(tier.stats().bytes, (1U << 20) / 16);
  }
  EXPECT_GT(tier.stats().entries, 20U);
  EXPECT_EQ(tier.find(key("1", 1), kNow), nullptr);
  EXPECT_NE(tier.find(key("4999", 4999), kNow), nullptr);
}

TEST_F(HotTierTest, DoesNotHoldAnEntryLargerThanAShard) {
  tier.put(key("k", 1), answer("small"), 0);
  tier.put(key("k", 1), answer(std::string(1U << 20, 'x')), 0);
  EXPECT_EQ(tier.find(key("k", 1), kNow), nullptr) << "nor the one it replaces";
  tier.add(key("k", 1), answer(std::string(1U << 20, 'x')), 0);
  EXPECT_EQ(tier.stats().bytes, 0U);
}

TEST_F(HotTierTest, DoesNotLetAReadFromDiskReplaceWhatIsThere) {
  tier.put(key("k", 1), answer("new"), 0);
  tier.add(key("k", 1), answer("old"), 0);
  EXPECT_EQ(tier.find(key("k", 1), kNow)->json, "new");
}

TEST_F(HotTierTest, RefusesWhatWasReadBeforeAPurge) {
  epoch = 1;
  tier.put(key("k", 1), answer("a"), 0);
  tier.add(key("k", 1), answer("a"), 0);
  EXPECT_EQ(tier.find(key("k", 1), kNow), nullptr);
}

TEST_F(HotTierTest, PurgesByTenantAndDocument) {
  tier.put(key("1", 1), answer("a"), 0);
  tier.put(key("2", 2), answer("b"), 0);
  EXPECT_EQ(tier.purge({"other", ""}), 0U);
  EXPECT_EQ(tier.purge({"", "doc-a"}), 1U);
  EXPECT_EQ(tier.find(key("1", 1), kNow), nullptr);
  EXPECT_EQ(tier.purge({"default", ""}), 1U);
  EXPECT_EQ(tier.stats().entries, 0U);
}

TEST_F(HotTierTest, HoldsNothingPurgedWhileThreadsPutAndAdd) {
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        const CacheKey mine = key(std::to_string(i % 100), (i % 100) << 52U);
        const std::uint64_t seen = epoch.load();
        if (t % 2 == 0) tier.put(mine, answer("e" + std::to_string(seen)), seen);
        if (t % 2 == 1) tier.add(mine, answer("e" + std::to_string(seen)), seen);
        const CachedAnswerPtr found = tier.find(mine, kNow);
        EXPECT_TRUE(!found || found->tenant == "default");
      }
    });
  }
  for (std::uint64_t purge = 1; purge <= 50; ++purge) {
    epoch.store(purge);
    tier.purge({});
    for (std::uint64_t k = 0; k < 100; ++k) {
      const CachedAnswerPtr found = tier.find(key(std::to_string(k), k << 52U), kNow);
      EXPECT_TRUE(!found || found->json == "e" + std::to_string(purge));
    }
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ragd::cache
