// Durations and sizes as people write them in settings: 250ms 60s 5m 1h 7d, and 64MiB 1GiB 8MB 4096.
//
// Stateless, thread-safe. Fractions are fine where the result is whole ("1.5s"); it refuses signs, spaces inside, what
// does not fit, and "64M", which is read as 10^6 by some and 2^20 by others.
#pragma once

#include <ragd/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::base {

/// A bare number is seconds.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The largest unit that divides it: 90'000 ms is "90s", 60'000 ms "1m", nothing at all "0s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

/// A bare number is bytes; kB MB GB TB count by 1000, KiB MiB GiB TiB by 1024, in any case.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// The largest binary unit that divides it: "8MiB", "1000B" as "1000".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace ragd::base
