// How documents lie in RocksDB: tenant NUL kind rest. Keys sort by tenant, then kind, then document id.
//
// Tenant ids hold no NUL and are not empty, so the store's own keys begin with NUL. Stateless.
#pragma once

#include <string>
#include <string_view>

namespace ragd::store {

inline constexpr std::string_view kFormatKey{"\0format", 7};
inline constexpr std::string_view kUuidKey{"\0uuid", 5};
inline constexpr std::string_view kNudgeKey{"\0nudge", 6};

/// Values: a header record, the text, a varint counter.
enum class Kind : char { header = 'd', text = 't', version = 'v' };

[[nodiscard]] inline std::string key_of(std::string_view tenant, Kind kind, std::string_view rest = {}) {
  std::string key;
  key.reserve(tenant.size() + 2 + rest.size());
  key += tenant;
  key += '\0';
  key += static_cast<char>(kind);
  return key += rest;
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
