// Files and directories that are on disk when a call returns, with their checksums.
//
// Stateless; blocks. Errors say what was being done to which file: Errc::storage_full when the disk is, else
// Errc::unavailable. Long work ends early, with Errc::canceled, when it is asked to stop.
#pragma once

#include <ragd/error.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>

namespace ragd::store {

struct FileSum {
  std::uint64_t bytes = 0;
  std::string sha256;
};

[[nodiscard]] Error file_error(const std::string& doing, const std::error_code& why);

[[nodiscard]] Result<FileSum> sum_of(const std::string& file, const std::stop_token& stop = {});

/// To a file that is not there yet; the sum is that of the bytes read. Not synced.
[[nodiscard]] Result<FileSum> copy_file(const std::string& from, const std::string& to);

/// To a file that is not there yet. Not synced.
[[nodiscard]] Result<void> write_file(const std::string& file, std::string_view bytes);

/// The names in a directory.
[[nodiscard]] Result<void> sync_directory(const std::string& directory);

/// All that was written to the file system it lies on, in one call.
[[nodiscard]] Result<void> sync_file_system_of(const std::string& directory);

/// Each gets the other's name, in one step that a crash cannot tear. Errc::not_implemented where the file system
/// cannot.
[[nodiscard]] Result<void> exchange_directories(const std::string& one, const std::string& other);

}  // namespace ragd::store
