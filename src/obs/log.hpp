// One JSON object a line on stdout, never in a request's way: a bounded queue feeds one writer thread (spdlog), the
// oldest lines are dropped when it is full, and dropped ones are counted.
//
// Thread-safe. Values are escaped, so nothing a client sends can forge a line or a field.
#pragma once

#include <ragd/settings.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace ragd::obs {

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

/// Starts the writer; until then, and after stop, lines go straight to stderr. `capacity` lines at most wait.
void start_log(LogLevel level, std::size_t capacity = 8192);
/// Writes what waits, then ends the writer.
void stop_log();
void set_log_level(LogLevel level);
[[nodiscard]] bool log_enabled(LogLevel level);
[[nodiscard]] std::uint64_t log_dropped();

/// {"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"...", fields...}
void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace ragd::obs
