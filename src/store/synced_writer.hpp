// Atomic batches, each synced to the write-ahead log before the next one begins, with every way a disk can fail as a
// value.
//
// Not thread-safe: the store's write lock is held around commit; failed() may be asked from anywhere. A full disk
// passes by itself. After any other failed write nothing is written until the store is opened again, because what the
// kernel did with the bytes of a failed fsync cannot be known.
#pragma once

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ragd::store {

/// New values by key; no value deletes the key.
using Change = std::map<std::string, std::optional<std::string>>;

/// When a batch has to be on disk. Later is before the next batch: were several at a time on their way, a power cut
/// could tear the first and leave the last, and log_check would take that for lost documents.
enum class Sync : std::uint8_t { now, later };

class SyncedWriter {
 public:
  /// `nudge_key` is one that nobody reads (see nudge).
  SyncedWriter(rocksdb::DB& database, std::string nudge_key)
      : database_(database),
        write_buffer_size_(database.GetOptions().write_buffer_size),
        nudge_key_(std::move(nudge_key)) {}

  /// Errc::storage_full or Errc::unavailable: nothing of the change can be read then, nor after a restart once anything
  /// else was committed.
  Result<void> commit(const Change& change, Sync sync = Sync::now);

  /// A record in the log that changes nothing.
  Result<void> commit_nothing() { return commit({{nudge_key_, std::string()}}); }

  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] Result<void> require_room(const Change& change) const;
  Result<void> sync_last();
  Result<void> make_way();
  Result<void> nudge();
  Error failure(const rocksdb::Status& status);

  rocksdb::DB& database_;
  const std::size_t write_buffer_size_;
  const std::string nudge_key_;
  bool last_is_unsynced_ = false;
  std::atomic<bool> failed_ = false;
};

}  // namespace ragd::store
