#include "store/cache_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <utility>

namespace ragd::store {

namespace {

namespace fs = std::filesystem;

/// What this build writes into <directory>/FORMAT and accepts there.
constexpr std::string_view kFormat = "ragd-cache 1\n";
constexpr std::string_view kFormatFile = "FORMAT";

/// ping writes here; no entry's key starts with a zero byte followed by this word, and scans skip it.
constexpr std::string_view kPingKey("\0ping", 5);

constexpr std::size_t kBlockCacheBytes = 16ULL << 20;
constexpr int kBloomBitsPerKey = 10;

/// How max_bytes is shared out. Beside the tables there are, at worst, the logs of three write buffers (one being
/// filled, one being flushed, one obsolete and not yet deleted) and the output of one merge of small files.
struct Budget {
  explicit Budget(std::uint64_t max_bytes) {
    const std::uint64_t total = std::max(max_bytes, kMinCacheBytes);
    write_buffer = std::clamp<std::uint64_t>(total / 32, 64ULL << 10, 8ULL << 20);
    merge = total / 8;
    tables = total - merge - 4 * write_buffer;
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
  db.max_write_buffer_number = 2;
  db.max_total_wal_size = 2 * budget.write_buffer;
  db.compression = rocksdb::kLZ4Compression;
  db.max_log_file_size = 1ULL << 20;
  db.keep_log_file_num = 2;
  db.info_log_level = rocksdb::WARN_LEVEL;
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

bool is_empty_or_absent(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(directory, error))) return true;
  const bool is_empty = fs::is_directory(directory, error) && fs::is_empty(directory, error);
  return is_empty && !error;
}

bool has_our_format(const fs::path& directory) {
  std::ifstream file(directory / kFormatFile, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return text == kFormat;
}

bool write_format(const fs::path& directory) {
  std::ofstream file(directory / kFormatFile, std::ios::binary | std::ios::trunc);
  file << kFormat;
  file.close();
  return !file.fail();
}

/// Asks through RocksDB's own lock table: POSIX locks alone would not see a second store in this process, and closing
/// a descriptor of the lock file here would release that store's lock.
bool is_held_elsewhere(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  rocksdb::Env* env = rocksdb::Env::Default();
  if (!env->FileExists(path).ok()) return false;
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = env->LockFile(path, &lock);
  if (status.ok()) {
    env->UnlockFile(lock);
    return false;
  }
  const bool could_not_open = status.ToString().find("while open a file for lock") != std::string::npos;
  return !could_not_open;
}

/// Empties the directory but keeps it, which may be a link to another disk. Failures show when it is opened next.
void wipe(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) fs::remove(directory, ignored);
  fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
  std::error_code iteration;
  for (fs::directory_iterator it(directory, iteration), end; !iteration && it != end; it.increment(iteration)) {
    fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

class CacheStore::Impl {
 public:
  explicit Impl(CacheStoreOptions options) : options_(std::move(options)) {}

  Result<void> open() {
    const bool fresh = is_empty_or_absent(options_.directory);
    std::string fault;
    if (!fresh && !has_our_format(options_.directory)) {
      fault = "it has no or another format mark";
    } else {
      fault = open_database();
      if (fault.empty()) return mark_format();
    }
    if (is_held_elsewhere(options_.directory)) {
      return fail(Errc::unavailable, "the cache directory " + options_.directory + " is in use by another process");
    }
    if (fresh) return fail(Errc::unavailable, "cannot create the cache in " + options_.directory + ": " + fault);
    return recreate(fault);
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

  [[nodiscard]] const CacheStoreOptions& options() const { return options_; }

 private:
  /// The fault, or nothing.
  std::string open_database() {
    std::error_code error;
    fs::create_directories(options_.directory, error);
    if (error && !fs::is_directory(options_.directory)) return error.message();
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(database_options(options_), options_.directory, &db);
    if (!status.ok()) return status.ToString();
    db_.reset(db);
    return {};
  }

  Result<void> mark_format() {
    if (has_our_format(options_.directory) || write_format(options_.directory)) return {};
    db_.reset();
    return fail(Errc::unavailable, "cannot write to the cache directory " + options_.directory);
  }

  Result<void> recreate(const std::string& why) {
    wipe(options_.directory);
    const std::string fault = open_database();
    if (!fault.empty()) {
      return fail(Errc::unavailable, "cannot recreate the cache in " + options_.directory + ": " + fault);
    }
    if (options_.on_recreated) options_.on_recreated(why);
    return mark_format();
  }

  /// Several threads may find the same damage: the first replaces the database, the others find a newer generation.
  void replace(std::uint64_t damaged_generation, const std::string& why) {
    const std::unique_lock lock(replacing_);
    if (generation_ != damaged_generation) return;
    ++generation_;
    db_.reset();
    // A failure leaves no database: every later call reports it, and the next start tries again.
    (void)recreate(why);
  }

  CacheStoreOptions options_;
  std::shared_mutex replacing_;  // exclusive only while db_ is replaced
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t generation_ = 0;
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
  const auto status =
      impl_->run([&](rocksdb::DB& db) { return db.Put(rocksdb::WriteOptions(), slice(key), slice(value)); });
  if (!status.ok()) return as_error(status);
  return {};
}

Result<void> CacheStore::erase(std::string_view key) {
  const auto status = impl_->run([&](rocksdb::DB& db) { return db.Delete(rocksdb::WriteOptions(), slice(key)); });
  if (!status.ok()) return as_error(status);
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
    const auto flush = [&](bool sync) {
      rocksdb::WriteOptions write;
      write.sync = sync;
      rocksdb::Status written = db.Write(write, &batch);
      batch.Clear();
      return written;
    };
    const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(scan));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (it->key() == slice(kPingKey) || !unwanted(it->key().ToStringView(), it->value().ToStringView())) continue;
      batch.Delete(it->key());
      ++erased;
      if (batch.Count() < kBatch) continue;
      if (auto written = flush(false); !written.ok()) return written;
    }
    if (!it->status().ok()) return it->status();
    return flush(true);
  });
  if (!status.ok()) return as_error(status);
  return erased;
}

Result<void> CacheStore::ping() {
  const auto status = impl_->run([](rocksdb::DB& db) {
    rocksdb::Status written = db.Put(rocksdb::WriteOptions(), slice(kPingKey), rocksdb::Slice());
    if (!written.ok() && db.Resume().ok()) {
      written = db.Put(rocksdb::WriteOptions(), slice(kPingKey), rocksdb::Slice());
    }
    if (!written.ok()) return written;
    std::string value;
    return db.Get(rocksdb::ReadOptions(), slice(kPingKey), &value);
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
