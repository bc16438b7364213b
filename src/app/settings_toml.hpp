// A TOML file as a flat list of what it sets, in the order of its lines. Knows TOML, knows no setting.
//
// Stateless, thread-safe. Errors are one line that starts with file:line:col.
#pragma once

#include "app/settings_codecs.hpp"

#include <ragd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::app {

enum class TomlType : std::uint8_t { string, integer, floating, boolean, list, table, other };

struct TomlPosition {
  std::uint32_t line = 0;  ///< from 1
  std::uint32_t column = 0;
};

struct TomlEntry {
  std::string key;  ///< dotted from the root: "cache.ttl"; a table has an entry of its own before those inside it
  TomlType type = TomlType::other;
  RawValue value;  ///< of the first five types
  TomlPosition key_at;
  TomlPosition value_at;
};

/// `name` is what errors call the file.
[[nodiscard]] Result<std::vector<TomlEntry>> read_toml(std::string_view text, const std::string& name);

/// "a string", "a whole number", ...
[[nodiscard]] std::string_view describe(TomlType type);

/// "ragd.toml:3:7"
[[nodiscard]] std::string at(const std::string& name, TomlPosition position);

}  // namespace ragd::app
