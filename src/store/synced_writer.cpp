#include "store/synced_writer.hpp"

#include "store/rocks.hpp"

#include <rocksdb/write_batch.h>

#include <cstdint>

namespace ragd::store {

namespace {

rocksdb::Status write_synced(rocksdb::DB& database, const Change& change) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : change) {
    if (value) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  return database.Write(options, &batch);
}

}  // namespace

Result<void> SyncedWriter::commit(const Change& change) {
  if (failed()) return fail(Errc::unavailable, "the document store is read-only until restart after a failed write");
  Result<void> ready = resume();
  if (ready) ready = nudge();
  if (!ready) return ready;

  Change whole = change;
  if (const Result<void> added = add_doubtful(whole); !added) return added;
  const rocksdb::Status status = write_synced(database_, whole);
  if (!status.ok()) {
    for (const auto& [key, value] : change) doubtful_.insert(key);
    return failure(status);
  }
  doubtful_.clear();
  return {};
}

Result<void> SyncedWriter::resume() {
  if (!out_of_space_) return {};
  const rocksdb::Status status = database_.Resume();
  if (!status.ok()) return failure(status);
  out_of_space_ = false;
  return {};
}

// Resuming after a full disk must leave the log whose tail is broken, and RocksDB leaves a log only together with a
// memtable that holds something.
Result<void> SyncedWriter::nudge() {
  std::uint64_t entries = 0;
  if (database_.GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) && entries > 0) return {};
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  const rocksdb::Status status = database_.Put(unlogged, nudge_key_, rocksdb::Slice());
  if (!status.ok()) return failure(status);
  return {};
}

Result<void> SyncedWriter::add_doubtful(Change& change) {
  for (const std::string& key : doubtful_) {
    if (change.contains(key)) continue;
    std::string value;
    const rocksdb::Status status = database_.Get({}, key, &value);
    if (!status.ok() && !status.IsNotFound()) return to_error(status, "reading documents");
    change[key] = status.ok() ? std::optional(std::move(value)) : std::nullopt;
  }
  return {};
}

Error SyncedWriter::failure(const rocksdb::Status& status) {
  out_of_space_ = status.IsNoSpace();
  failed_.store(!out_of_space_, std::memory_order_relaxed);
  return to_error(status, "writing documents");
}

}  // namespace ragd::store
