#include "store/document_database.hpp"

#include "store/rocks.hpp"
#include "store/stall_statistics.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace ragd::store {

rocksdb::Options document_options() {
  rocksdb::Options options = bounded_options();
  // The default mode recovers to the last readable record anywhere, dropping acknowledged ones behind it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.statistics = std::make_shared<StallStatistics>();
  // A million passages arrive as small tables that overlap: gathered by the dozen and moved on in small steps, each
  // byte is written a few times instead of sixteen. What is rewritten soon is not compressed first.
  options.level0_file_num_compaction_trigger = 12;
  options.level0_slowdown_writes_trigger = 36;
  options.level0_stop_writes_trigger = 64;
  options.compression_per_level.assign(static_cast<std::size_t>(options.num_levels), rocksdb::kLZ4Compression);
  options.compression_per_level[0] = rocksdb::kNoCompression;
  options.compression_per_level[1] = rocksdb::kNoCompression;
  // The pieces of index segments: compaction moves references to them, not their bytes. RocksDB's garbage collection
  // would undo that. It copies the oldest files' live pieces in every compaction that meets a reference, and since the
  // references fill only a few tables, each one does: measured, pieces took 2.5 times as long to write, and no less
  // disk. The pieces of a segment lie together and die together, and a file whose pieces are all dead goes without it.
  options.enable_blob_files = true;
  options.min_blob_size = 32ULL << 10;
  return options;
}

std::vector<std::pair<std::string, double>> numbers_of(rocksdb::DB& database) {
  using Properties = rocksdb::DB::Properties;
  const auto property = [&database](const std::string& name) {
    std::uint64_t value = 0;
    database.GetIntProperty(name, &value);
    return static_cast<double>(value);
  };
  std::string level_zero_files;
  database.GetProperty(Properties::kNumFilesAtLevelPrefix + "0", &level_zero_files);
  const auto stalled_us = database.GetDBOptions().statistics->getTickerCount(rocksdb::STALL_MICROS);
  return {{"block_cache_bytes", property(Properties::kBlockCacheUsage)},
          {"memtable_bytes", property(Properties::kCurSizeAllMemTables)},
          {"sst_bytes", property(Properties::kTotalSstFilesSize)},
          {"blob_bytes", property(Properties::kTotalBlobFileSize)},
          {"pending_compaction_bytes", property(Properties::kEstimatePendingCompactionBytes)},
          {"stall_seconds_total", static_cast<double>(stalled_us) / 1e6},
          {"l0_files", std::strtod(level_zero_files.c_str(), nullptr)}};
}

}  // namespace ragd::store
