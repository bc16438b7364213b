// Settings from all their sources: default < TOML file < environment < flag. The whole is checked, or refused.
//
// Pure but for the files it is told to read; thread-safe. Every error is one line that says where and what: the
// caller prints Error::detail and exits with 2.
#pragma once

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::app {

struct SettingsSources {
  std::optional<std::string> config_file;  ///< --config; without it RAGD_CONFIG names the file, if any
  std::map<std::string, std::string> environment;
  std::vector<std::pair<std::string, std::string>> flags;  ///< {"--cache-ttl", "5m"}; the last of a name wins
};

struct SettingOrigin {
  enum class Kind : std::uint8_t { preset, file, environment, flag };
  Kind kind = Kind::preset;
  std::string where;  ///< "ragd.toml:3:7", "RAGD_CACHE_TTL", "--cache-ttl"

  /// "default", "ragd.toml:3:7", "environment RAGD_CACHE_TTL", "flag --cache-ttl"
  [[nodiscard]] std::string describe() const;
  /// How an error line about it begins: "ragd.toml:3:7", "environment: RAGD_CACHE_TTL", "command line: --cache-ttl"
  [[nodiscard]] std::string blame() const;
};

struct LoadedSettings {
  Settings values;
  std::vector<SettingOrigin> origins;  ///< one for each row of settings_table()

  [[nodiscard]] const SettingOrigin& origin_of(std::string_view key) const;
};

[[nodiscard]] Result<LoadedSettings> load_settings(const SettingsSources& sources);

/// The running settings with those of the fresh ones that can change while running.
[[nodiscard]] Settings reloaded(const Settings& running, const Settings& fresh);

/// Keys a reload found different but cannot apply: they need a restart.
[[nodiscard]] std::vector<std::string> changed_but_not_reloadable(const Settings& old, const Settings& fresh);

}  // namespace ragd::app
