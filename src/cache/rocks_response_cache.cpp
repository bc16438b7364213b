#include "cache/rocks_response_cache.hpp"

#include "cache/record.hpp"
#include "net/offload.hpp"
#include "obs/log.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ragd::cache {

namespace {

/// Entries are immutable: one that differs in none of these is the entry the caller saw.
bool is_same(const CachedAnswer& a, const CachedAnswer& b) {
  return a.version == b.version && a.fingerprint == b.fingerprint && a.stored_at_ms == b.stored_at_ms;
}

}  // namespace

RocksResponseCache::RocksResponseCache(const CacheSettings& settings, boost::asio::thread_pool& pool,
                                       obs::Metrics& metrics)
    : pool_(pool), metrics_(metrics), hot_(settings.hot_bytes, epoch_) {}

Result<std::unique_ptr<RocksResponseCache>> RocksResponseCache::open(const std::string& directory,
                                                                     const CacheSettings& settings,
                                                                     boost::asio::thread_pool& pool,
                                                                     obs::Metrics& metrics) {
  store::CacheStoreOptions options;
  options.directory = directory;
  options.max_bytes = settings.max_bytes;
  options.on_evicted = [&metrics](std::uint64_t entries) { metrics.cache_evictions.add(obs::Eviction::size, entries); };
  options.on_recreated = [&metrics, directory](const std::string& why) {
    metrics.cache_errors.add(obs::CacheOp::open);
    obs::log(LogLevel::warning, "the response cache was damaged and has been recreated",
             {{"directory", directory}, {"reason", why}});
  };
  auto opened = store::CacheStore::open(std::move(options));
  if (!opened) return opened.error();
  std::unique_ptr<RocksResponseCache> cache(new RocksResponseCache(settings, pool, metrics));
  cache->store_ = std::move(*opened);
  return cache;
}

CachedAnswerPtr RocksResponseCache::peek(const CacheKey& key, std::int64_t now_ms) {
  if (CachedAnswerPtr held = hot_.find(key, now_ms)) return held;
  const std::uint64_t epoch = epoch_.load();
  std::string record;
  if (store_->get_fast(key.bytes, record) != store::CacheStore::Found::yes) return nullptr;
  auto answer = decode(record);
  // What is expired or does not decode is for get to deal with.
  if (!answer || answer->expires_at_ms <= now_ms) return nullptr;
  return revive(key, std::move(*answer), epoch);
}

CachedAnswerPtr RocksResponseCache::revive(const CacheKey& key, CachedAnswer&& answer, std::uint64_t epoch) {
  auto entry = std::make_shared<const CachedAnswer>(std::move(answer));
  hot_.add(key, entry, epoch);
  return entry;
}

Task<Result<CachedAnswerPtr>> RocksResponseCache::get(const CacheKey& key, std::int64_t now_ms) {
  if (CachedAnswerPtr held = hot_.find(key, now_ms)) co_return held;
  const std::uint64_t epoch = epoch_.load();
  std::optional<std::string> record(std::in_place);
  const auto found = store_->get_fast(key.bytes, *record);
  if (found == store::CacheStore::Found::no) co_return CachedAnswerPtr();
  if (found == store::CacheStore::Found::needs_pool) {
    auto read = [this, bytes = key.bytes] { return store_->get(bytes); };
    auto got = co_await net::offload(pool_, std::move(read));
    if (!got) {
      note_failure(obs::CacheOp::get, got.error());
      co_return got.error();
    }
    record = std::move(*got);
    if (!record) co_return CachedAnswerPtr();
  }
  auto answer = decode(*record);
  if (answer && answer->expires_at_ms > now_ms) co_return revive(key, std::move(*answer), epoch);
  if (!answer) note_failure(obs::CacheOp::get, fail(Errc::internal, "response cache: a record does not decode"));
  auto drop = [this, key, now_ms] { return discard(key, now_ms); };
  const auto dropped = co_await net::offload(pool_, std::move(drop));
  if (!dropped) note_failure(obs::CacheOp::put, dropped.error());
  co_return CachedAnswerPtr();
}

Task<Result<void>> RocksResponseCache::put(const CacheKey& key, CachedAnswerPtr entry, std::uint64_t epoch) {
  auto work = [this, key, entry = std::move(entry), epoch] { return store(key, entry, epoch); };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<CachedAnswerPtr>> RocksResponseCache::adopt(const CacheKey& key, CachedAnswerPtr seen, std::string version,
                                                        std::uint64_t epoch) {
  CachedAnswer moved = *seen;
  moved.version = std::move(version);
  CachedAnswerPtr adopted = std::make_shared<const CachedAnswer>(std::move(moved));
  auto work = [this, key, seen = std::move(seen), adopted, epoch] { return store_if(key, *seen, adopted, epoch); };
  const auto stored = co_await net::offload(pool_, std::move(work));
  // A failure has been counted: the answer holds whether or not the disk took note.
  static_cast<void>(stored);
  co_return adopted;
}

Task<Result<std::uint64_t>> RocksResponseCache::purge(const PurgeSelector& selector) {
  epoch_.fetch_add(1);
  auto work = [this, selector] { return erase(selector); };
  co_return co_await net::offload(pool_, std::move(work));
}

CacheStats RocksResponseCache::stats() const {
  const auto disk = store_->stats();
  return {disk.entries, disk.bytes};
}

Task<Result<void>> RocksResponseCache::ping() {
  auto work = [this] { return store_->ping(); };
  co_return co_await net::offload(pool_, std::move(work));
}

Result<void> RocksResponseCache::store(const CacheKey& key, const CachedAnswerPtr& entry, std::uint64_t epoch) {
  const std::lock_guard turn(stripe_of(key));
  if (epoch_.load() != epoch) return {};
  hot_.put(key, entry, epoch);
  auto written = store_->put(key.bytes, encode(*entry));
  if (written) {
    note_success();
  } else {
    note_failure(obs::CacheOp::put, written.error());
  }
  return written;
}

Result<void> RocksResponseCache::store_if(const CacheKey& key, const CachedAnswer& seen, const CachedAnswerPtr& entry,
                                          std::uint64_t epoch) {
  const std::lock_guard turn(stripe_of(key));
  if (epoch_.load() != epoch) return {};
  // Asked as of the moment it was stored: an entry that has expired meanwhile is still the one that was seen.
  CachedAnswerPtr current = hot_.find(key, seen.stored_at_ms - 1);
  if (!current) {
    auto got = store_->get(key.bytes);
    if (!got) {
      note_failure(obs::CacheOp::get, got.error());
      return got.error();
    }
    auto answer = *got ? decode(**got) : std::nullopt;
    if (answer) current = std::make_shared<const CachedAnswer>(std::move(*answer));
  }
  if (!current || !is_same(*current, seen)) return {};
  hot_.put(key, entry, epoch);
  auto written = store_->put(key.bytes, encode(*entry));
  if (!written) note_failure(obs::CacheOp::put, written.error());
  return written;
}

Result<void> RocksResponseCache::discard(const CacheKey& key, std::int64_t now_ms) {
  const std::lock_guard turn(stripe_of(key));
  // A fresh entry may have taken its place since it was read.
  auto got = store_->get(key.bytes);
  if (!got) return got.error();
  if (!*got) return {};
  const auto answer = decode(**got);
  if (answer && answer->expires_at_ms > now_ms) return {};
  if (auto erased = store_->erase(key.bytes); !erased) return erased;
  if (answer) metrics_.cache_evictions.add(obs::Eviction::ttl);
  return {};
}

Result<std::uint64_t> RocksResponseCache::erase(const PurgeSelector& selector) {
  // Whoever passed the epoch check before it moved on is still writing under a stripe: wait for each.
  for (std::mutex& stripe : stripes_) const std::lock_guard passed(stripe);
  auto erased = store_->erase_if([&selector](std::string_view /*key*/, std::string_view record) {
    const auto answer = decode(record);
    return !answer || matches(selector, *answer);
  });
  // A read that began after the first step of the epoch may still hold what the disk has just lost: the second step
  // keeps that out of the hot tier, or the sweep finds it there.
  epoch_.fetch_add(1);
  const std::uint64_t hot = hot_.purge(selector);
  if (!erased) {
    note_failure(obs::CacheOp::put, erased.error());
    return erased;
  }
  const std::uint64_t gone = std::max(hot, *erased);
  metrics_.cache_evictions.add(obs::Eviction::invalidated, gone);
  return gone;
}

void RocksResponseCache::note_failure(obs::CacheOp op, const Error& error) {
  metrics_.cache_errors.add(op);
  // A full disk fails every write: one line tells it, the counter tells the rest.
  if (!failing_.exchange(true, std::memory_order_relaxed)) {
    obs::log(LogLevel::warning, "the response cache failed; answers are served without it", {{"detail", error.detail}});
  }
}

}  // namespace ragd::cache
