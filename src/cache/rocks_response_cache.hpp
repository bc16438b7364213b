// The response cache of one process: a hot tier in memory in front of a disposable RocksDB store.
//
// Thread-safe. Reads try memory, then RocksDB's own memory, and go to the pool only for the disk; writes and purges run
// on the pool. It refuses to store what a purge has outdated: a purge moves the epoch on first, then waits for the
// writers that had already passed the check, erases on disk, moves the epoch on once more and sweeps memory. Outlived
// by nothing it handed to the pool: the owner joins the pool before the cache goes.
#pragma once

#include "cache/hot_tier.hpp"
#include "obs/metrics.hpp"
#include "store/cache_store.hpp"

#include <ragd/response_cache.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace ragd::cache {

class RocksResponseCache final : public ResponseCache {
 public:
  /// Opens or creates `directory`; a damaged one is recreated with a log line. Errors carry a detail fit for the one
  /// line ragd prints before it exits.
  [[nodiscard]] static Result<std::unique_ptr<RocksResponseCache>> open(const std::string& directory,
                                                                        const CacheSettings& settings,
                                                                        boost::asio::thread_pool& pool,
                                                                        obs::Metrics& metrics);

  [[nodiscard]] CachedAnswerPtr peek(const CacheKey& key, std::int64_t now_ms) override;
  Task<Result<CachedAnswerPtr>> get(const CacheKey& key, std::int64_t now_ms) override;
  Task<Result<void>> put(const CacheKey& key, CachedAnswerPtr entry, std::uint64_t epoch) override;
  Task<Result<CachedAnswerPtr>> adopt(const CacheKey& key, CachedAnswerPtr seen, std::string version,
                                      std::uint64_t epoch) override;
  Task<Result<std::uint64_t>> purge(const PurgeSelector& selector) override;
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_.load(); }
  /// Of the disk; the hot tier's entries are among them.
  [[nodiscard]] CacheStats stats() const override;
  Task<Result<void>> ping() override;

 private:
  static constexpr std::size_t kStripes = 16;

  RocksResponseCache(const CacheSettings& settings, boost::asio::thread_pool& pool, obs::Metrics& metrics);

  /// What was read, to be served; into the hot tier with it.
  [[nodiscard]] CachedAnswerPtr revive(const CacheKey& key, CachedAnswer&& answer, std::uint64_t epoch);

  // These run on the pool.
  Result<void> store(const CacheKey& key, const CachedAnswerPtr& entry, std::uint64_t epoch);
  Result<void> store_if(const CacheKey& key, const CachedAnswer& seen, const CachedAnswerPtr& entry,
                        std::uint64_t epoch);
  Result<void> discard(const CacheKey& key, std::int64_t now_ms);
  Result<std::uint64_t> erase(const PurgeSelector& selector);

  [[nodiscard]] std::mutex& stripe_of(const CacheKey& key) { return stripes_[key.hash % kStripes]; }
  /// Counts a failure, and logs the first of a row.
  void note_failure(obs::CacheOp op, const Error& error);
  void note_success() { failing_.store(false, std::memory_order_relaxed); }

  boost::asio::thread_pool& pool_;
  obs::Metrics& metrics_;
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<bool> failing_{false};
  HotTier hot_;
  std::array<std::mutex, kStripes> stripes_;  // by key: writers of one key take turns; pool threads only
  std::unique_ptr<store::CacheStore> store_;
};

}  // namespace ragd::cache
