#include "store/synced_writer.hpp"

#include "store/rocks.hpp"

#include <rocksdb/write_batch.h>

#include <sys/statvfs.h>

#include <cstdint>

namespace ragd::store {

namespace {

/// Left free for what RocksDB writes on its own: flushing memtables, merging tables, its manifest.
constexpr std::uint64_t kReservedBytes = 16ULL << 20;

std::uint64_t size_of(const Change& change) {
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : change) bytes += key.size() + (value ? value->size() : 0);
  return bytes;
}

rocksdb::WriteBatch batch_of(const Change& change) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : change) {
    if (value) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
  }
  return batch;
}

}  // namespace

Result<void> SyncedWriter::commit(const Change& change, Sync sync) {
  if (failed()) return fail(Errc::unavailable, "the document store is read-only until restart after a failed write");
  Result<void> ready = require_room(change);
  if (ready) ready = sync_last();
  if (ready) ready = make_way();
  if (ready) ready = nudge();
  if (!ready) return ready;
  rocksdb::WriteBatch batch = batch_of(change);
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::now;
  const rocksdb::Status status = database_.Write(options, &batch);
  if (!status.ok()) return failure(status);
  last_is_unsynced_ = sync == Sync::later;
  return {};
}

// Refusing early keeps a full disk from ever breaking a record off in the middle, which RocksDB survives, but only by
// stopping all writes until it has retried for some seconds.
Result<void> SyncedWriter::require_room(const Change& change) const {
  struct statvfs disk {};
  if (::statvfs(database_.GetName().c_str(), &disk) != 0) return {};
  const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  // Twice: once in the log, once in a table.
  if (free_bytes >= kReservedBytes + 2 * size_of(change)) return {};
  return fail(Errc::storage_full,
              "the disk of " + database_.GetName() + " has only " + std::to_string(free_bytes) + " bytes left");
}

Result<void> SyncedWriter::sync_last() {
  if (!last_is_unsynced_) return {};
  // After a full disk the memtable may be empty, and this may fail like a write.
  if (Result<void> nudged = nudge(); !nudged) return nudged;
  // Once: a failure ends all writing, or it is a full disk, and RocksDB moves what the log holds to a table.
  last_is_unsynced_ = false;
  const rocksdb::Status status = database_.SyncWAL();
  if (!status.ok()) return failure(status);
  return {};
}

// Left to itself RocksDB changes to a new log and an empty memtable inside the write that follows a filled one: behind
// the nudge, and just before the write that may fail.
Result<void> SyncedWriter::make_way() {
  std::uint64_t bytes = 0;
  database_.GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes);
  // It takes a memtable for full up to one arena block early; a block is an eighth of it.
  if (bytes < write_buffer_size_ - write_buffer_size_ / 8) return {};
  rocksdb::FlushOptions in_background;
  in_background.wait = false;
  const rocksdb::Status status = database_.Flush(in_background);
  if (!status.ok()) return failure(status);
  return {};
}

// RocksDB 7.8 leaves a log that could not be written only together with a memtable that holds something. With an empty
// one it goes back to the broken log, and the distribution's build of it then aborts the process.
Result<void> SyncedWriter::nudge() {
  std::uint64_t entries = 0;
  if (database_.GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) && entries > 0) return {};
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  const rocksdb::Status status = database_.Put(unlogged, nudge_key_, rocksdb::Slice());
  if (!status.ok()) return failure(status);
  return {};
}

// For NoSpace RocksDB polls the disk, moves to a new log and accepts writes again.
Error SyncedWriter::failure(const rocksdb::Status& status) {
  if (!status.IsNoSpace()) failed_.store(true, std::memory_order_relaxed);
  return to_error(status, "writing documents");
}

}  // namespace ragd::store
