// Reading a whole small file. Blocks; thread-safe. Refuses to read more than the caller allows, whatever the file's
// size claims: pipes and /proc have none.
#pragma once

#include <ragd/error.hpp>

#include <cstddef>
#include <string>

namespace ragd::base {

/// The bytes of `path`. Errors read on after the path: "cannot be read: No such file or directory" (Errc::not_found or
/// Errc::unavailable), "is larger than 64MiB" (Errc::payload_too_large).
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace ragd::base
