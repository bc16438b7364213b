// The settings, one row each: the only place that knows a setting's names, reader, printer and documentation. Parsing,
// --help, check-config, masked printing and docs/configuration.md are all made from it.
//
// Immutable after the first call, thread-safe.
#pragma once

#include "app/settings_codecs.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::app {

struct SettingRow {
  std::string key;  ///< "cache.ttl"
  std::string doc;
  SettingKind kind = SettingKind::text;
  std::string accepts;                   ///< which values, for people: "1 to 50"
  std::vector<std::string> env_aliases;  ///< further variables, honoured after the derived one
  std::string fallback_env;              ///< gives the default where the setting `fallback_with` has a value
  std::string fallback_with;
  bool secret = false;      ///< never printed, not even in the error that refuses it
  bool reloadable = false;  ///< a SIGHUP applies it
  std::function<Result<void>(Settings&, const RawValue&)> assign;
  std::function<std::string(const Settings&)> print;  ///< a TOML literal
  std::function<void(Settings& to, const Settings& from)> copy;

  [[nodiscard]] std::string section() const;  ///< "cache"; empty at the top
  [[nodiscard]] std::string name() const;     ///< "ttl"
  [[nodiscard]] std::string env() const;      ///< "RAGD_CACHE_TTL"
  [[nodiscard]] std::string flag() const;     ///< "--cache-ttl"
};

/// Top-level settings first, then section by section, in the order of the documentation.
[[nodiscard]] const std::vector<SettingRow>& settings_table();

/// Null when there is no such key.
[[nodiscard]] const SettingRow* find_setting(std::string_view key);

/// What people may see of a value: the TOML literal, or stars for a secret that is set.
[[nodiscard]] std::string shown(const SettingRow& row, const Settings& values);

}  // namespace ragd::app
