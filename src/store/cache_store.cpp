#include "store/cache_store.hpp"

#include "store/cache_directory.hpp"
#include "store/info_log.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <utility>

namespace ragd::store {

namespace {

/// ping writes here; no entry's key starts with a zero byte followed by this word, and scans skip it.
constexpr std::string_view kPingKey("\0ping", 5);

constexpr std::size_t kBlockCacheBytes = 16ULL << 20;
constexpr int kBloomBitsPerKey = 10;
constexpr int kWriteBuffers = 4;

/// How max_bytes is shared out. Beside the tables there are, at worst, as many write buffers being flushed as there are
/// and the output of one merge of small files.
struct Budget {
  explicit Budget(std::uint64_t max_bytes) {
    const std::uint64_t total = std::max(max_bytes, kMinCacheBytes);
    write_buffer = std::clamp<std::uint64_t>(total / 32, 64ULL << 10, 8ULL << 20);
    merge = total / 8;
    tables = total - merge - kWriteBuffers * write_buffer;
  }
  std::uint64_t write_buffer;
  std::uint64_t merge;
  std::uint64_t tables;
};

/// Counts the entries of the table files that FIFO compaction drops.
class EvictionListener final : public rocksdb::EventListener {
 public:
  explicit EvictionListener(std::function<void(std::uint64_t)> on_evicted) : on_evicted_(std::move(on_evicted)) {}

  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& job) override {
    if (!on_evicted_ || !job.status.ok() || job.compaction_reason != rocksdb::CompactionReason::kFIFOMaxSize) return;
    std::uint64_t entries = 0;
    for (const auto& [file, properties] : job.table_properties) {
      entries += properties->num_entries - properties->num_deletions;
    }
    on_evicted_(entries);
  }

 private:
  std::function<void(std::uint64_t)> on_evicted_;
};

rocksdb::Options database_options(const CacheStoreOptions& options) {
  const Budget budget(options.max_bytes);
  rocksdb::Options db;
  db.create_if_missing = true;
  db.compaction_style = rocksdb::kCompactionStyleFIFO;
  db.num_levels = 1;
  db.compaction_options_fifo.max_table_files_size = budget.tables;
  db.compaction_options_fifo.allow_compaction = true;  // each restart leaves a small file: merge them
  db.max_compaction_bytes = budget.merge;
  db.ttl = 0;  // entries carry their own expiry; a merged file has its oldest part's age and would go too early
  db.max_open_files = -1;  // FIFO asks for it; filters and indexes stay in memory, so a miss never reads the disk
  db.write_buffer_size = budget.write_buffer;
  db.max_write_buffer_number = kWriteBuffers;
  db.compression = rocksdb::kLZ4Compression;
  db.info_log = make_info_log("cache");
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.max_manifest_file_size = 1ULL << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.format_version = 5;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  db.listeners.push_back(std::make_shared<EvictionListener>(options.on_evicted));
  return db;
}

Error as_error(const rocksdb::Status& status) {
  return fail(status.IsNoSpace() ? Errc::storage_full : Errc::unavailable, "response cache: " + status.ToString());
}

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

/// What damaged files look like, as opposed to a disk or a system in trouble, which passes.
bool is_damage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsNotSupported() || status.IsInvalidArgument() || status.IsPathNotFound();
}

/// All writes: without a log, which a full disk would turn into an abort (RocksDB asserts on a log it could not
/// extend), and failing rather than waiting while no memtable can be flushed.
rocksdb::WriteOptions write_options() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.no_slowdown = true;
  return options;
}

/// Lack of space and a flush that lags behind: nothing is stored for now, and reads go on.
bool is_passing(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.IsIncomplete();
}

/// Writes more than a cache takes in its stride: waits for the memtables to be flushed where put would give up.
rocksdb::Status write_patiently(rocksdb::DB& db, rocksdb::WriteBatch& batch) {
  constexpr int kMaxTries = 32;
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = true;
  rocksdb::Status status = db.Write(write_options(), &batch);
  for (int tries = 1; status.IsIncomplete() && tries < kMaxTries; ++tries) {
    if (rocksdb::Status flushed = db.Flush(flush); !flushed.ok()) return flushed;
    status = db.Write(write_options(), &batch);
  }
  return status;
}

}  // namespace

class CacheStore::Impl {
 public:
  explicit Impl(CacheStoreOptions options) : options_(std::move(options)) {}

  Result<void> open() {
    const CacheDirectory found = inspect_cache_directory(options_.directory);
    if (found == CacheDirectory::foreign) {
      return fail(Errc::unavailable, options_.directory + " exists and is not a cache of ragd");
    }
    if (found == CacheDirectory::unreadable) {
      return fail(Errc::unavailable, "cannot read the cache directory " + options_.directory);
    }
    const rocksdb::Status status = found == CacheDirectory::other_format
                                       ? rocksdb::Status::NotSupported("it has no or another format mark")
                                       : open_database();
    if (status.ok()) return mark_format();
    if (is_held_elsewhere(options_.directory)) return in_use();
    if (found == CacheDirectory::fresh || !is_damage(status)) return cannot("open", status);
    return recreate(status.ToString());
  }

  /// Runs `work(db)` and, when that finds damage, once more on a new, empty database.
  template <class Work>
  rocksdb::Status run(const Work& work) {
    std::uint64_t generation = 0;
    rocksdb::Status status;
    {
      const std::shared_lock lock(replacing_);
      if (!db_) return rocksdb::Status::IOError("no database: it could not be recreated");
      generation = generation_;
      status = work(*db_);
    }
    if (!status.IsCorruption()) return status;
    replace(generation, status.ToString());
    const std::shared_lock lock(replacing_);
    if (!db_) return status;
    return work(*db_);
  }

  /// As run, for callers that must not wait: false while the database is being replaced.
  template <class Work>
  bool try_run(const Work& work) {
    const std::shared_lock lock(replacing_, std::try_to_lock);
    if (!lock.owns_lock() || !db_) return false;
    work(*db_);
    return true;
  }

  /// Makes up for a replacement that failed.
  Result<void> restore() {
    const std::unique_lock lock(replacing_);
    if (db_) return {};
    // The lock was given up together with the database.
    if (is_held_elsewhere(options_.directory)) return in_use();
    return recreate(damage_);
  }

  /// From now on there are writes that only a flush puts on the disk.
  void note_write() { unflushed_.store(true, std::memory_order_relaxed); }

  /// True once per flush_every while there is something to flush.
  bool is_flush_due() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    if (!unflushed_.load(std::memory_order_relaxed) || now - flushed_at_.load() < options_.flush_every) return false;
    flushed_at_.store(now);
    return unflushed_.exchange(false, std::memory_order_relaxed);
  }

  [[nodiscard]] const CacheStoreOptions& options() const { return options_; }

 private:
  rocksdb::Status open_database() {
    std::error_code error;
    std::filesystem::create_directories(options_.directory, error);
    if (error && !std::filesystem::is_directory(options_.directory)) return rocksdb::Status::IOError(error.message());
    const rocksdb::Options options = database_options(options_);
    rocksdb::DB* db = nullptr;
    // Damaged bytes can ask RocksDB for absurd allocations.
    try {
      rocksdb::Status status = rocksdb::DB::Open(options, options_.directory, &db);
      if (!status.ok()) return status;
    } catch (const std::exception& e) {
      return rocksdb::Status::Corruption(e.what());
    }
    db_.reset(db);
    begin_info_log(*options.info_log);
    return rocksdb::Status::OK();
  }

  Error in_use() const {
    return fail(Errc::unavailable, "the cache directory " + options_.directory + " is in use by another process");
  }

  Error cannot(std::string_view verb, const rocksdb::Status& status) const {
    return fail(status.IsNoSpace() ? Errc::storage_full : Errc::unavailable,
                "cannot " + std::string(verb) + " the cache in " + options_.directory + ": " + status.ToString());
  }

  Result<void> mark_format() {
    if (mark_cache_directory(options_.directory)) return {};
    db_.reset();
    return fail(Errc::unavailable, "cannot write to the cache directory " + options_.directory);
  }

  Result<void> recreate(const std::string& why) {
    wipe_cache_directory(options_.directory);
    if (const rocksdb::Status status = open_database(); !status.ok()) return cannot("recreate", status);
    if (Result<void> marked = mark_format(); !marked) return marked;
    if (options_.on_recreated) options_.on_recreated(why);
    return {};
  }

  /// Several threads may find the same damage: the first replaces the database, the others find a newer generation.
  void replace(std::uint64_t damaged_generation, const std::string& why) {
    const std::unique_lock lock(replacing_);
    if (generation_ != damaged_generation) return;
    ++generation_;
    db_.reset();
    // A failure leaves no database: every later call reports it, and each ping tries again.
    damage_ = why;
    static_cast<void>(recreate(why));
  }

  CacheStoreOptions options_;
  std::shared_mutex replacing_;  // exclusive only while db_ is replaced
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t generation_ = 0;
  std::string damage_;  // why db_ was last replaced; under replacing_
  std::atomic<bool> unflushed_ = false;
  std::atomic<std::chrono::steady_clock::duration> flushed_at_ = std::chrono::steady_clock::now().time_since_epoch();
};

CacheStore::CacheStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CacheStore::~CacheStore() = default;

Result<std::unique_ptr<CacheStore>> CacheStore::open(CacheStoreOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto opened = impl->open(); !opened) return opened.error();
  return std::unique_ptr<CacheStore>(new CacheStore(std::move(impl)));
}

CacheStore::Found CacheStore::get_fast(std::string_view key, std::string& value) {
  rocksdb::ReadOptions memory_only;
  memory_only.read_tier = rocksdb::kBlockCacheTier;
  rocksdb::Status status;
  if (!impl_->try_run([&](rocksdb::DB& db) { status = db.Get(memory_only, slice(key), &value); })) {
    return Found::needs_pool;
  }
  if (status.ok()) return Found::yes;
  return status.IsNotFound() ? Found::no : Found::needs_pool;
}

Result<std::optional<std::string>> CacheStore::get(std::string_view key) {
  std::string value;
  const auto status = impl_->run([&](rocksdb::DB& db) { return db.Get(rocksdb::ReadOptions(), slice(key), &value); });
  if (status.ok()) return std::optional<std::string>(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return as_error(status);
}

Result<void> CacheStore::put(std::string_view key, std::string_view value) {
  if (key.size() + value.size() > max_value_bytes()) {
    return fail(Errc::payload_too_large, "response cache: an entry of " + std::to_string(value.size()) + " bytes");
  }
  const auto status = impl_->run([&](rocksdb::DB& db) { return db.Put(write_options(), slice(key), slice(value)); });
  if (!status.ok()) return as_error(status);
  impl_->note_write();
  return {};
}

Result<void> CacheStore::erase(std::string_view key) {
  const auto status = impl_->run([&](rocksdb::DB& db) { return db.Delete(write_options(), slice(key)); });
  if (!status.ok()) return as_error(status);
  impl_->note_write();
  return {};
}

Result<std::uint64_t> CacheStore::erase_if(
    const std::function<bool(std::string_view key, std::string_view value)>& unwanted) {
  constexpr std::uint32_t kBatch = 1024;
  std::uint64_t erased = 0;
  const auto status = impl_->run([&](rocksdb::DB& db) -> rocksdb::Status {
    erased = 0;
    rocksdb::ReadOptions scan;
    scan.fill_cache = false;
    rocksdb::WriteBatch batch;
    const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(scan));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (it->key() == slice(kPingKey) || !unwanted(it->key().ToStringView(), it->value().ToStringView())) continue;
      batch.Delete(it->key());
      ++erased;
      if (batch.Count() < kBatch) continue;
      if (auto written = write_patiently(db, batch); !written.ok()) return written;
      batch.Clear();
    }
    if (!it->status().ok()) return it->status();
    if (auto written = write_patiently(db, batch); !written.ok()) return written;
    return db.Flush({});
  });
  if (!status.ok()) return as_error(status);
  return erased;
}

Result<void> CacheStore::ping() {
  if (Result<void> restored = impl_->restore(); !restored) return restored;
  const auto status = impl_->run([this](rocksdb::DB& db) {
    rocksdb::Status written = db.Put(write_options(), slice(kPingKey), rocksdb::Slice());
    if (!written.ok() && db.Resume().ok()) written = db.Put(write_options(), slice(kPingKey), rocksdb::Slice());
    if (written.ok() && impl_->is_flush_due()) {
      written = db.Flush({});
      if (!written.ok()) impl_->note_write();
    }
    if (!written.ok() && !is_passing(written)) return written;
    std::string value;
    const rocksdb::Status found = db.Get(rocksdb::ReadOptions(), slice(kPingKey), &value);
    return found.IsNotFound() ? rocksdb::Status::OK() : found;
  });
  if (!status.ok()) return as_error(status);
  return {};
}

CacheStore::Stats CacheStore::stats() {
  Stats stats;
  impl_->try_run([&](rocksdb::DB& db) {
    std::uint64_t memtables = 0;
    db.GetIntProperty(rocksdb::DB::Properties::kEstimateNumKeys, &stats.entries);
    db.GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &stats.bytes);
    db.GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
    stats.bytes += memtables;
  });
  return stats;
}

std::uint64_t CacheStore::max_value_bytes() const {
  return Budget(impl_->options().max_bytes).write_buffer;
}

}  // namespace ragd::store
