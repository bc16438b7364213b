// How documents lie in RocksDB: tenant NUL kind rest. Keys sort by tenant, then kind, then document id.
//
// Neither tenants nor ids hold a NUL, and no tenant is empty: the store's own keys begin with NUL, and the passages of
// one document lie together. Stateless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::store {

inline constexpr std::uint64_t kFormat = 2;
inline constexpr std::string_view kFormatKey{"\0format", 7};
inline constexpr std::string_view kMigrationKey{"\0migration", 10};  ///< while one is under way
inline constexpr std::string_view kUuidKey{"\0uuid", 5};
inline constexpr std::string_view kNudgeKey{"\0nudge", 6};

enum class Kind : char {
  header = 'd',   ///< + id: a header record
  index = 'i',    ///< + name: the index's own bytes
  passage = 'p',  ///< + id NUL ordinal: a passage record
  text = 't',     ///< + id: a whole text; format 1 alone
  version = 'v',  ///< a varint counter
};

[[nodiscard]] inline std::string key_of(std::string_view tenant, Kind kind, std::string_view rest = {}) {
  std::string key;
  key.reserve(tenant.size() + 2 + rest.size());
  key += tenant;
  key += '\0';
  key += static_cast<char>(kind);
  return key += rest;
}

/// Big-endian, so that a document's passages sort by ordinal.
[[nodiscard]] inline std::string passage_key(std::string_view tenant, std::string_view id, std::uint32_t ordinal) {
  std::string key;
  key.reserve(tenant.size() + 2 + id.size() + 5);
  key += tenant;
  key += '\0';
  key += static_cast<char>(Kind::passage);
  key += id;
  key += '\0';
  for (const unsigned shift : {24U, 16U, 8U, 0U}) key += static_cast<char>(ordinal >> shift);
  return key;
}

/// Greater than every key of the tenant, not greater than any of the next one.
[[nodiscard]] inline std::string key_after(std::string_view tenant) {
  return std::string(tenant) + '\1';
}

/// The tenant of a key; empty for the store's own.
[[nodiscard]] inline std::string_view tenant_of(std::string_view key) {
  return key.substr(0, key.find('\0'));
}

}  // namespace ragd::store
