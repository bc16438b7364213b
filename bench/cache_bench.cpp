// What it costs to find a stored answer of 1 KB, by tier and number of threads, and to keep one.
//
// Hot tier against one mutex around an unordered_map, which neither bounds its memory nor knows what was used last; and
// against having RocksDB alone, a read served by its block cache plus decoding the record.
#include "base/hash.hpp"
#include "cache/hot_tier.hpp"
#include "cache/record.hpp"
#include "company.hpp"
#include "fakes/temporary_folder.hpp"
#include "store/cache_store.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ragd::cache {
namespace {

constexpr std::int64_t kNow = 1'000'000;
constexpr std::size_t kEntries = 1'000;

CachedAnswerPtr make_answer() {
  auto answer = std::make_shared<CachedAnswer>();
  answer->tenant = "default";
  answer->version = "0f8fad5b-d9cb-469f-a165-70867728950e-42";
  answer->stored_at_ms = kNow;
  answer->expires_at_ms = kNow + 3'600'000;
  answer->json = R"({"answer":")" + std::string(1'000, 'a') + '"';
  answer->documents = {"guide/install.md", "guide/operate.md"};
  return answer;
}

const std::vector<CacheKey>& keys() {
  static const std::vector<CacheKey> made = [] {
    std::vector<CacheKey> keys;
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string bytes = "default" + std::string(120, 'k') + "how do I do thing number " + std::to_string(i);
      keys.push_back({bytes, base::hash64(bytes)});
    }
    return keys;
  }();
  return made;
}

class Hot {
 public:
  Hot() {
    for (const CacheKey& key : keys()) put(key, make_answer());
  }
  CachedAnswerPtr find(const CacheKey& key) { return tier_.find(key, kNow); }
  void put(const CacheKey& key, CachedAnswerPtr answer) { tier_.put(key, std::move(answer), 0); }

 private:
  std::atomic<std::uint64_t> epoch_{0};
  HotTier tier_{64ULL << 20U, epoch_};
};

class PlainMap {
 public:
  PlainMap() {
    for (const CacheKey& key : keys()) put(key, make_answer());
  }
  CachedAnswerPtr find(const CacheKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(key.bytes);
    return found == answers_.end() || found->second->expires_at_ms <= kNow ? nullptr : found->second;
  }
  void put(const CacheKey& key, CachedAnswerPtr answer) {
    const std::lock_guard lock(mutex_);
    answers_[key.bytes] = std::move(answer);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, CachedAnswerPtr> answers_;
};

class RocksAlone {
 public:
  RocksAlone() {
    store::CacheStoreOptions options;
    options.directory = folder_ / "cache";
    auto opened = store::CacheStore::open(std::move(options));
    if (!opened) throw std::runtime_error(opened.error().detail);
    store_ = std::move(*opened);
    for (const CacheKey& key : keys()) put(key, make_answer());
  }
  CachedAnswerPtr find(const CacheKey& key) {
    std::string record;
    if (store_->get_fast(key.bytes, record) != store::CacheStore::Found::yes) return nullptr;
    auto answer = decode(record);
    return answer ? std::make_shared<const CachedAnswer>(std::move(*answer)) : nullptr;
  }
  void put(const CacheKey& key, const CachedAnswerPtr& answer) {
    if (!store_->put(key.bytes, encode(*answer))) throw std::runtime_error("put");
  }

 private:
  fakes::TemporaryFolder folder_;
  std::unique_ptr<store::CacheStore> store_;
};

template <class Cache>
void find(benchmark::State& state) {
  static Cache cache;
  bench::keep_company();
  auto turn = static_cast<std::size_t>(state.thread_index()) * 331;
  for (auto _ : state) {
    const CachedAnswerPtr answer = cache.find(keys()[turn % kEntries]);
    if (answer == nullptr) state.SkipWithError("a stored answer was not found");
    benchmark::DoNotOptimize(answer.get());
    turn += 7;
  }
}
BENCHMARK(find<Hot>)->ThreadRange(1, 8);
BENCHMARK(find<PlainMap>)->ThreadRange(1, 8);
BENCHMARK(find<RocksAlone>)->ThreadRange(1, 8);

template <class Cache>
void put(benchmark::State& state) {
  static Cache cache;
  bench::keep_company();
  const CachedAnswerPtr answer = make_answer();
  std::size_t turn = 0;
  for (auto _ : state) {
    cache.put(keys()[turn % kEntries], answer);
    turn += 7;
  }
}
BENCHMARK(put<Hot>);
BENCHMARK(put<PlainMap>);
BENCHMARK(put<RocksAlone>);

}  // namespace
}  // namespace ragd::cache
