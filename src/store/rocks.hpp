// How a RocksDB that holds documents is opened and read: bounded memory and files, a quiet info log, statuses turned
// into Errors.
//
// Thread-safe. One block cache serves all such stores of the process. Nothing here aborts: a directory that is locked,
// unwritable or damaged is an Error whose detail is fit for one printed line.
#pragma once

#include <ragd/error.hpp>

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::store {

inline constexpr std::size_t kBlockCacheBytes = 64ULL << 20;

/// Options with every bound set; the caller adds what its own durability needs.
[[nodiscard]] rocksdb::Options bounded_options();

/// NoSpace is storage_full, a store that stopped is unavailable, NotFound is not_found, all else is internal.
[[nodiscard]] Error to_error(const rocksdb::Status& status, std::string_view doing);

/// Creates the directory if need be and opens the database in it.
[[nodiscard]] Result<std::unique_ptr<rocksdb::DB>> open_database(const rocksdb::Options& options,
                                                                 const std::string& directory);

enum class Lookup : std::uint8_t {
  found,
  absent,
  not_in_memory,  ///< only where the options forbid reading from disk
};

[[nodiscard]] Result<Lookup> look_up(rocksdb::DB& database, std::string_view key, const rocksdb::ReadOptions& options,
                                     rocksdb::PinnableSlice& value);

/// As it is now; no value when there is none.
[[nodiscard]] Result<std::optional<std::string>> look_up(rocksdb::DB& database, std::string_view key);

[[nodiscard]] inline std::string_view bytes_in(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace ragd::store
