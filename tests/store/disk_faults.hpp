// A disk that fills up, fails, or loses its process: this binary's write, fdatasync, fsync, syncfs, rename, link and
// statvfs stand before the C library's, also for RocksDB.
//
// Global, since the functions are. They take only the stores' files for theirs, not what the tests print.
#pragma once

#include <atomic>

namespace ragd::store::faults {

extern std::atomic<int> write_error;  ///< errno of every write; 0 for none
extern std::atomic<int> sync_error;
extern std::atomic<int> syncs;     ///< counted
extern std::atomic<bool> no_room;  ///< what statvfs says

/// Nothing is synced, for speed: a process that kills itself loses nothing of what it wrote.
extern std::atomic<bool> no_syncs;

/// Changes of files until the process kills itself in the middle of one; 0 for never.
extern std::atomic<int> steps_to_live;

/// What went wrong is well again.
inline void clear() {
  write_error = 0;
  sync_error = 0;
  no_room = false;
}

}  // namespace ragd::store::faults
