// Atomic batches, each synced to the write-ahead log before commit returns, with every way a disk can fail as a value.
//
// Not thread-safe: the store's write lock is held around it (failed() alone may be asked from anywhere). After a full
// disk the next commit tries again; after any other failed write nothing is written until the store is opened again,
// because what the kernel did with the bytes of a failed fsync cannot be known.
#pragma once

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ragd::store {

/// New values by key; no value deletes the key.
using Change = std::map<std::string, std::optional<std::string>>;

class SyncedWriter {
 public:
  /// `nudge_key` is one that nobody reads (see nudge).
  SyncedWriter(rocksdb::DB& database, std::string nudge_key) : database_(database), nudge_key_(std::move(nudge_key)) {}

  /// Errc::storage_full, or Errc::unavailable: the change is not there then, and will not be after a restart either
  /// once anything else was committed.
  Result<void> commit(const Change& change);

  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  Result<void> resume();
  Result<void> nudge();
  Result<void> add_doubtful(Change& change);
  Error failure(const rocksdb::Status& status);

  rocksdb::DB& database_;
  const std::string nudge_key_;
  bool out_of_space_ = false;
  std::atomic<bool> failed_ = false;
  // Keys of writes that failed. Such a record may lie in the log all the same and would come back at the next start,
  // under a version number that another write has got meanwhile. The next commit sets them to what they are now.
  std::set<std::string> doubtful_;
};

}  // namespace ragd::store
