// The answers asked for lately, in memory, ready to be sent: sharded, least recently used first out, bounded in bytes.
//
// Thread-safe: one short mutex a shard, never held while anything waits. Whatever is stored carries the epoch its
// evidence was read in, and is refused once a purge has moved the epoch on: that check and the purge take the same
// mutex, so nothing purged comes back. Two keys with one hash displace each other; they are never mistaken for each
// other. It refuses an entry larger than a shard.
#pragma once

#include <ragd/response_cache.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ragd::cache {

/// Does the selector name this entry?
[[nodiscard]] bool matches(const PurgeSelector& selector, const CachedAnswer& answer);

class HotTier {
 public:
  /// `epoch` outlives the tier; a purge moves it on before it calls purge.
  HotTier(std::uint64_t max_bytes, const std::atomic<std::uint64_t>& epoch);

  /// Null when there is none, or it has expired (it is dropped then).
  [[nodiscard]] CachedAnswerPtr find(const CacheKey& key, std::int64_t now_ms);

  /// Replaces what is there.
  void put(const CacheKey& key, CachedAnswerPtr answer, std::uint64_t epoch);

  /// For what was read from disk: an entry that is there already is at least as new.
  void add(const CacheKey& key, CachedAnswerPtr answer, std::uint64_t epoch);

  /// Returns how many went.
  std::uint64_t purge(const PurgeSelector& selector);

  [[nodiscard]] CacheStats stats() const;

 private:
  static constexpr std::size_t kShards = 16;

  struct Node {
    CacheKey key;
    CachedAnswerPtr answer;
    std::uint64_t cost = 0;
  };
  using Nodes = std::list<Node>;
  struct Shard {
    mutable std::mutex mutex;
    Nodes nodes;  // most recently used first
    std::unordered_map<std::uint64_t, Nodes::iterator> by_hash;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] Shard& shard_of(const CacheKey& key);
  static void move_out(Shard& shard, Nodes::iterator node, Nodes& out);
  void insert(Shard& shard, Nodes node, Nodes& evicted) const;

  const std::uint64_t max_shard_bytes_;
  const std::atomic<std::uint64_t>& epoch_;
  std::array<Shard, kShards> shards_;
};

}  // namespace ragd::cache
