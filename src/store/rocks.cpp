#include "store/rocks.hpp"

#include "store/info_log.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <unistd.h>

#include <exception>
#include <filesystem>
#include <system_error>

namespace ragd::store {

namespace {

const std::shared_ptr<rocksdb::Cache>& block_cache() {
  // Sixteen shards. In the sixty-four it would choose, the filter and the index of one table are as large as a shard
  // and push each other out: every read of a document among a million then reads them anew.
  constexpr int kShardBits = 4;
  static const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(kBlockCacheBytes, kShardBits);
  return cache;
}

std::string named(const std::string& directory) {
  return "data directory " + directory;
}

/// RocksDB says "IO error" for all three; the person at the terminal needs to know which one it is.
Error open_error(const rocksdb::Status& status, const std::string& directory) {
  const std::string text = status.ToString();
  const bool lock = text.find("lock hold by current process") != std::string::npos ||
                    (text.find("lock file") != std::string::npos &&
                     text.find("Resource temporarily unavailable") != std::string::npos);
  if (lock) return fail(Errc::unavailable, named(directory) + " is in use by another process");
  if (status.IsNoSpace()) return fail(Errc::storage_full, named(directory) + " is on a full disk: " + text);
  if (status.IsCorruption()) return fail(Errc::internal, named(directory) + " is damaged: " + text);
  return fail(Errc::internal, named(directory) + " cannot be opened: " + text);
}

}  // namespace

rocksdb::Options bounded_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = block_cache();
  table.checksum = rocksdb::kXXH3;                       // the distribution's crc32c is done byte by byte
  table.cache_index_and_filter_blocks = true;            // inside the bound, not beside it
  table.pin_l0_filter_and_index_blocks_in_cache = true;  // a read asks every file there
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::Options options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = 4ULL << 20;
  options.max_write_buffer_number = 4;
  options.max_open_files = 256;
  // In proportion to the write buffer: each merge of level 0 rewrites level 1, and the smaller a table, the smaller the
  // filter and index that a read of it has to have in the cache.
  options.max_bytes_for_level_base = 64ULL << 20;
  options.target_file_size_base = 8ULL << 20;
  options.target_file_size_multiplier = 2;
  options.max_background_jobs = 2;
  options.info_log = make_info_log("documents");
  options.stats_dump_period_sec = 0;  // nobody reads them there: they are in /metrics
  options.stats_persist_period_sec = 0;
  return options;
}

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  std::string detail = std::string(doing) + ": " + status.ToString();
  if (status.IsNotFound()) return fail(Errc::not_found, std::move(detail));
  if (status.IsNoSpace()) return fail(Errc::storage_full, std::move(detail));
  if (status.IsIOError() || status.IsShutdownInProgress() || status.IsBusy()) {
    return fail(Errc::unavailable, std::move(detail));
  }
  return fail(Errc::internal, std::move(detail));
}

Result<std::unique_ptr<rocksdb::DB>> open_database(const rocksdb::Options& options, const std::string& directory) {
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  if (ec) return fail(Errc::internal, named(directory) + " cannot be created: " + ec.message());
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    const std::error_code why(errno, std::generic_category());
    return fail(Errc::internal, named(directory) + " is not writable: " + why.message());
  }
  rocksdb::DB* database = nullptr;
  rocksdb::Status status;
  // Damaged bytes can ask RocksDB for absurd allocations; that is a damaged directory, not the end of the process.
  try {
    status = rocksdb::DB::Open(options, directory, &database);
  } catch (const std::exception& e) {
    return fail(Errc::internal, named(directory) + " is damaged: " + e.what());
  }
  std::unique_ptr<rocksdb::DB> owned(database);
  if (!status.ok()) return open_error(status, directory);
  if (options.info_log) begin_info_log(*options.info_log);
  return owned;
}

Result<Lookup> look_up(rocksdb::DB& database, std::string_view key, const rocksdb::ReadOptions& options,
                       rocksdb::PinnableSlice& value) {
  value.Reset();
  const rocksdb::Status status = database.Get(options, database.DefaultColumnFamily(), key, &value);
  if (status.ok()) return Lookup::found;
  if (status.IsNotFound()) return Lookup::absent;
  if (status.IsIncomplete()) return Lookup::not_in_memory;
  return to_error(status, "reading " + database.GetName());
}

Result<std::optional<std::string>> look_up(rocksdb::DB& database, std::string_view key) {
  rocksdb::PinnableSlice value;
  const Result<Lookup> lookup = look_up(database, key, {}, value);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::absent) return std::optional<std::string>();
  return std::optional(value.ToString());
}

}  // namespace ragd::store
