// The RocksDB under the document store: its options beyond the bounds of all stores, and its own numbers.
//
// Stateless, thread-safe.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <string>
#include <utility>
#include <vector>

namespace ragd::store {

[[nodiscard]] rocksdb::Options document_options();

/// By the names of metrics.md.
[[nodiscard]] std::vector<std::pair<std::string, double>> numbers_of(rocksdb::DB& database);

}  // namespace ragd::store
