// A disposable, bounded key/value store in RocksDB: what the response cache keeps on disk. The oldest entries go first.
//
// Thread-safe. Everything but get_fast and stats blocks: run it on a pool. Writes have no log: closing the store keeps
// them, the sudden end of the process loses what was put since the last flush (see flush_every), which is one write
// buffer at most, or a few while the disk lags. Purges are flushed. A full disk only means that nothing is stored.
// Damage is not an error here: a cache that can't be read (or is of another format) is dropped and made anew, at the
// start or whenever it shows, and reported through on_recreated. It refuses a directory that another process holds,
// that holds anything else than a cache or that can't be written, and values above max_value_bytes().
#pragma once

#include <ragd/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::store {

struct CacheStoreOptions {
  std::string directory;
  std::uint64_t max_bytes = 1ULL << 30;                   ///< all files together; at least kMinCacheBytes are granted
  std::function<void(std::uint64_t entries)> on_evicted;  ///< for want of room; called from any thread
  std::function<void(const std::string& why)> on_recreated;                    ///< likewise
  std::chrono::steady_clock::duration flush_every = std::chrono::seconds(30);  ///< by ping, when there is anything new
};

inline constexpr std::uint64_t kMinCacheBytes = 1ULL << 20;

class CacheStore {
 public:
  enum class Found : std::uint8_t { yes, no, needs_pool };
  struct Stats {
    std::uint64_t entries = 0;  ///< RocksDB's estimate; overwritten and expired ones count until their file goes
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] static Result<std::unique_ptr<CacheStore>> open(CacheStoreOptions options);
  ~CacheStore();
  CacheStore(const CacheStore&) = delete;
  CacheStore& operator=(const CacheStore&) = delete;

  /// From memory alone, never waits; anything out of the ordinary is left to get.
  Found get_fast(std::string_view key, std::string& value);

  Result<std::optional<std::string>> get(std::string_view key);
  Result<void> put(std::string_view key, std::string_view value);
  Result<void> erase(std::string_view key);

  /// Erases every entry the predicate names, and flushes: what was purged stays purged. Returns how many went.
  Result<std::uint64_t> erase_if(const std::function<bool(std::string_view key, std::string_view value)>& unwanted);

  /// A small write and read. A write refused for want of room is no failure while reads work. Resumes a database that
  /// stopped writing, makes one whose replacement failed, and flushes every flush_every.
  Result<void> ping();

  [[nodiscard]] Stats stats();
  [[nodiscard]] std::uint64_t max_value_bytes() const;

 private:
  class Impl;
  explicit CacheStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ragd::store
