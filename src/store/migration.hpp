// Format 1 of the document store (a header with the chunk layout, and the whole text) -> format 2.
//
// Not thread-safe: part of opening, before anybody else sees the store. It can be cut off at any moment and resumed by
// the next opening: each document is rewritten in one batch, and the format changes last.
#pragma once

#include "store/synced_writer.hpp"

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <string>

namespace ragd::store {

/// First leaves the untouched store in `<directory>.format-1`. Returns a line for the log.
[[nodiscard]] Result<std::string> migrate_from_format_1(rocksdb::DB& database, SyncedWriter& writer,
                                                        const std::string& directory);

}  // namespace ragd::store
