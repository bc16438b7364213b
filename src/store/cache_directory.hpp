// What lies in the directory of the response cache, and emptying it.
//
// Thread-safe as far as the file system is. It removes only files that are named as RocksDB (or this build) names them:
// whatever else somebody keeps there stays, and a directory without any sign of the cache is not touched at all.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace ragd::store {

enum class CacheDirectory : std::uint8_t {
  fresh,         ///< absent or empty
  current,       ///< marked by a build that writes what this one reads
  other_format,  ///< a cache, but of another format or without its mark
  foreign,       ///< something else: hands off
  unreadable     ///< it cannot be told which
};

[[nodiscard]] CacheDirectory inspect_cache_directory(const std::string& directory);

/// Leaves the mark of this build's format; false when it cannot be written.
[[nodiscard]] bool mark_cache_directory(const std::string& directory);

/// Removes the cache's files but keeps the directory, which may be a link to another disk. The first failure: whoever
/// opens it next meets it, too.
std::error_code wipe_cache_directory(const std::string& directory);

/// Whether another database, of this process or another one, holds the directory's lock.
[[nodiscard]] bool is_held_elsewhere(const std::string& directory);

}  // namespace ragd::store
