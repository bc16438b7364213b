// The View of a document store's RocksDB: a snapshot, and the records read through it.
//
// Thread-safe. Never writes, and takes no lock but RocksDB's own.
#pragma once

#include "store/view.hpp"

#include <rocksdb/db.h>

namespace ragd::store {

[[nodiscard]] ViewPtr view_of(rocksdb::DB& database);

}  // namespace ragd::store
