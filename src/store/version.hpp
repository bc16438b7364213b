// Which RocksDB this is, for those who may not include it.
#pragma once

#include <string_view>

namespace ragd::store {

[[nodiscard]] std::string_view rocksdb_version();

}  // namespace ragd::store
