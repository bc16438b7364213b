// The View of a RocksDB as it is now.
#pragma once

#include "store/view.hpp"

#include <rocksdb/db.h>

namespace ragd::store {

[[nodiscard]] ViewPtr view_of(rocksdb::DB& database);

}  // namespace ragd::store
