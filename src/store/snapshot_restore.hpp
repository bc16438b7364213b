// `ragd restore`: a snapshot becomes the documents of a data directory nobody serves.
//
// Blocks. Killed at any moment it leaves either what was there or the whole snapshot, and a directory that the next
// restore or opening removes. It refuses a snapshot that is not byte for byte what its manifest says, a data directory
// in use, and one that holds documents unless they are to be replaced.
#pragma once

#include "store/snapshot_manifest.hpp"

#include <ragd/error.hpp>

#include <string>

namespace ragd::store {

struct RestoreRequest {
  std::string snapshot;  ///< its directory
  std::string data_dir;  ///< made where it is missing
  bool replace = false;
};

/// The restored store has a uuid of its own, so no cached answer holds for it; the response cache is emptied besides.
/// Details fit the one line ragd prints.
[[nodiscard]] Result<SnapshotManifest> restore_snapshot(const RestoreRequest& request);

}  // namespace ragd::store
