#include "cache/hot_tier.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ragd::cache {

namespace {

/// List and table nodes, control block, string headers: measured with malloc_usable_size, rounded up.
constexpr std::uint64_t kOverheadBytes = 512;

std::uint64_t cost_of(const CacheKey& key, const CachedAnswer& answer) {
  std::uint64_t bytes = kOverheadBytes + key.bytes.size() + answer.json.size() + answer.tenant.size();
  for (const std::string& document : answer.documents) bytes += sizeof(std::string) + document.size();
  return bytes;
}

}  // namespace

bool matches(const PurgeSelector& selector, const CachedAnswer& answer) {
  if (!selector.tenant.empty() && selector.tenant != answer.tenant) return false;
  return selector.document.empty() ||
         std::find(answer.documents.begin(), answer.documents.end(), selector.document) != answer.documents.end();
}

HotTier::HotTier(std::uint64_t max_bytes, const std::atomic<std::uint64_t>& epoch)
    : max_shard_bytes_(max_bytes / kShards), epoch_(epoch) {}

HotTier::Shard& HotTier::shard_of(const CacheKey& key) {
  // The tables inside the shards use the low bits.
  return shards_[(key.hash >> 56U) % kShards];
}

void HotTier::move_out(Shard& shard, Nodes::iterator node, Nodes& out) {
  shard.bytes -= node->cost;
  shard.by_hash.erase(node->key.hash);
  out.splice(out.end(), shard.nodes, node);
}

void HotTier::insert(Shard& shard, Nodes node, Nodes& evicted) const {
  const std::uint64_t cost = node.front().cost;
  while (!shard.nodes.empty() && shard.bytes + cost > max_shard_bytes_) {
    move_out(shard, std::prev(shard.nodes.end()), evicted);
  }
  shard.nodes.splice(shard.nodes.begin(), node);
  shard.by_hash[shard.nodes.front().key.hash] = shard.nodes.begin();
  shard.bytes += cost;
}

CachedAnswerPtr HotTier::find(const CacheKey& key, std::int64_t now_ms) {
  Nodes dropped;  // declared before the lock: freed after it is released, here and below
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto place = shard.by_hash.find(key.hash);
  if (place == shard.by_hash.end() || place->second->key.bytes != key.bytes) return nullptr;
  const Nodes::iterator node = place->second;
  if (node->answer->expires_at_ms <= now_ms) {
    move_out(shard, node, dropped);
    return nullptr;
  }
  shard.nodes.splice(shard.nodes.begin(), shard.nodes, node);
  return node->answer;
}

void HotTier::put(const CacheKey& key, CachedAnswerPtr answer, std::uint64_t epoch) {
  Nodes dropped;
  const std::uint64_t cost = cost_of(key, *answer);
  Nodes node;
  node.push_back({key, std::move(answer), cost});
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (epoch_.load() != epoch) return;
  if (const auto old = shard.by_hash.find(key.hash); old != shard.by_hash.end()) move_out(shard, old->second, dropped);
  if (cost <= max_shard_bytes_) insert(shard, std::move(node), dropped);
}

void HotTier::add(const CacheKey& key, CachedAnswerPtr answer, std::uint64_t epoch) {
  const std::uint64_t cost = cost_of(key, *answer);
  if (cost > max_shard_bytes_) return;
  Nodes dropped;
  Nodes node;
  node.push_back({key, std::move(answer), cost});
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (epoch_.load() != epoch || shard.by_hash.contains(key.hash)) return;
  insert(shard, std::move(node), dropped);
}

std::uint64_t HotTier::purge(const PurgeSelector& selector) {
  Nodes dropped;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto node = shard.nodes.begin(); node != shard.nodes.end();) {
      const auto next = std::next(node);
      if (matches(selector, *node->answer)) move_out(shard, node, dropped);
      node = next;
    }
  }
  return dropped.size();
}

CacheStats HotTier::stats() const {
  CacheStats stats;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    stats.entries += shard.nodes.size();
    stats.bytes += shard.bytes;
  }
  return stats;
}

}  // namespace ragd::cache
