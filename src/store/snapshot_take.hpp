// A snapshot: a checkpoint of the document store with a manifest beside it, for `ragd restore`.
//
// Blocks. One at a time for one folder of snapshots: what an earlier one left unfinished is removed. A snapshot appears
// under its name only when it is whole and on disk.
#pragma once

#include "store/document_store.hpp"
#include "store/snapshot_manifest.hpp"

#include <ragd/error.hpp>

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

namespace ragd::store {

struct SnapshotRequest {
  std::string folder;  ///< made where it is missing; on the store's file system, so that files can be shared
  std::string name;    ///< empty: one is made from the time
  std::chrono::system_clock::time_point now;
  std::stop_token stop{};  ///< ends it early, with Errc::canceled
};

struct Snapshot {
  std::string name;
  SnapshotManifest manifest;

  /// The version the tenant had, if it had been written to.
  [[nodiscard]] std::string version_of(std::string_view tenant) const;
};

/// ^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$
[[nodiscard]] bool is_snapshot_name(std::string_view name);

/// Where a data directory keeps its snapshots.
[[nodiscard]] std::string snapshot_folder(const std::string& data_dir);

/// Errc::unprocessable: not a name; Errc::conflict: it is taken; Errc::storage_full.
[[nodiscard]] Result<Snapshot> take_snapshot(DocumentStore& store, const SnapshotRequest& request);

}  // namespace ragd::store
