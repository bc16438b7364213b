// The response cache's contract in a map: for tests of whoever uses a cache. Usable from every thread.
#pragma once

#include "fakes/steps.hpp"

#include <ragd/response_cache.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace ragd::fakes {

class MemoryCache final : public ResponseCache {
 public:
  explicit MemoryCache(Steps* steps = nullptr) : steps_(steps) {}

  [[nodiscard]] CachedAnswerPtr peek(const CacheKey& key, std::int64_t now_ms) override {
    if (steps_ != nullptr) steps_->reach("peek");
    return cold ? nullptr : find(key, now_ms);
  }

  Task<Result<CachedAnswerPtr>> get(const CacheKey& key, std::int64_t now_ms) override {
    if (steps_ != nullptr) {
      co_await steps_->pass("get");
    }
    if (get_failure) co_return *get_failure;
    co_return find(key, now_ms);
  }

  Task<Result<void>> put(const CacheKey& key, CachedAnswerPtr entry, std::uint64_t epoch) override {
    if (steps_ != nullptr) {
      co_await steps_->pass("put");
    }
    if (put_failure) co_return *put_failure;
    const std::lock_guard lock(mutex_);
    ++puts;
    if (epoch == epoch_) entries_[key.bytes] = std::move(entry);
    co_return Result<void>();
  }

  Task<Result<CachedAnswerPtr>> adopt(const CacheKey& key, CachedAnswerPtr seen, std::string version,
                                      std::uint64_t epoch) override {
    if (steps_ != nullptr) {
      co_await steps_->pass("adopt");
    }
    if (put_failure) co_return *put_failure;
    auto moved = std::make_shared<CachedAnswer>(*seen);
    moved->version = std::move(version);
    const std::lock_guard lock(mutex_);
    const auto place = entries_.find(key.bytes);
    if (epoch == epoch_ && place != entries_.end() && place->second == seen) place->second = moved;
    co_return CachedAnswerPtr(std::move(moved));
  }

  Task<Result<std::uint64_t>> purge(const PurgeSelector& selector) override { co_return purge_now(selector); }

  std::uint64_t purge_now(const PurgeSelector& selector) {
    const std::lock_guard lock(mutex_);
    ++epoch_;
    return std::erase_if(entries_, [&selector](const auto& entry) {
      const auto& documents = entry.second->documents;
      return (selector.tenant.empty() || selector.tenant == entry.second->tenant) &&
             (selector.document.empty() ||
              std::find(documents.begin(), documents.end(), selector.document) != documents.end());
    });
  }

  [[nodiscard]] std::uint64_t epoch() const override {
    const std::lock_guard lock(mutex_);
    return epoch_;
  }
  [[nodiscard]] CacheStats stats() const override {
    const std::lock_guard lock(mutex_);
    return {entries_.size(), 0};
  }
  Task<Result<void>> ping() override { co_return Result<void>(); }

  bool cold = false;  ///< peek finds nothing, as when everything is on disk
  std::optional<Error> get_failure;
  std::optional<Error> put_failure;
  int puts = 0;

 private:
  CachedAnswerPtr find(const CacheKey& key, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const auto place = entries_.find(key.bytes);
    return place == entries_.end() || place->second->expires_at_ms <= now_ms ? nullptr : place->second;
  }

  Steps* steps_;
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 0;
  std::map<std::string, CachedAnswerPtr> entries_;
};

}  // namespace ragd::fakes
