// A Write -> the keys and values it changes, given what is stored now.
//
// Stateless. The caller holds the store's write lock from before these reads until the change is committed.
#pragma once

#include "store/document_store.hpp"
#include "store/synced_writer.hpp"

#include <ragd/error.hpp>

#include <rocksdb/db.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::store {

[[nodiscard]] std::string counter_bytes(std::uint64_t value);
[[nodiscard]] Result<std::uint64_t> parse_counter(std::string_view bytes);

/// What the tenant's version counts; 0 for one nobody has written to.
[[nodiscard]] Result<std::uint64_t> counter_of(rocksdb::DB& database, std::string_view tenant);

[[nodiscard]] Result<Difference> difference_of(rocksdb::DB& database, std::string_view tenant,
                                               const StoredDocument& given);

/// Empty when the Write is.
[[nodiscard]] Result<Change> changes_of(rocksdb::DB& database, const Write& write);

}  // namespace ragd::store
