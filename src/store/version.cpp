#include "store/version.hpp"

#include <rocksdb/version.h>

#include <string>

namespace ragd::store {

std::string_view rocksdb_version() {
  static const std::string version = rocksdb::GetRocksVersionAsString(true);
  return version;
}

}  // namespace ragd::store
