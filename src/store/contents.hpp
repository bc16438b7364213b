// What a document store holds, tenant by tenant: for those who describe a copy of it.
//
// Stateless, thread-safe. Counting reads the header of every document, past the cache.
#pragma once

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <cstdint>
#include <string>

namespace ragd::store {

/// As of the snapshot.
[[nodiscard]] Result<std::uint64_t> count_documents(rocksdb::DB& database, const rocksdb::Snapshot* snapshot,
                                                    const std::string& tenant);

}  // namespace ragd::store
