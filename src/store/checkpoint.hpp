// Consistent copies of a RocksDB beside the work: hard links where the file system can, else copied bytes.
//
// Stateless. No directory ever appears half made under the name that was asked for.
#pragma once

#include "store/synced_writer.hpp"

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <string>
#include <string_view>

namespace ragd::store {

/// Behind the name of a store's directory: what a restore puts in its place, and afterwards what it had there. Whoever
/// opens the store may remove it.
inline constexpr std::string_view kRestoring = ".restoring";

/// "/data/documents" and ".old" -> "/data/documents.old".
[[nodiscard]] std::string beside(std::string_view directory, std::string_view suffix);

/// Everything committed, in `directory`, which must not exist. The store's write lock is held meanwhile. It writes a
/// record that changes nothing: a copy has a log too, and an opening without one is refused.
[[nodiscard]] Result<void> make_checkpoint(rocksdb::DB& database, SyncedWriter& writer, const std::string& directory);

/// Renames a directory; to another file system it is copied, and synced, before it is removed here.
[[nodiscard]] Result<void> move_directory(const std::string& from, const std::string& to);

}  // namespace ragd::store
