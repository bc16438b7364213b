#include "app/settings_load.hpp"

#include "app/settings_check.hpp"
#include "app/settings_environment.hpp"
#include "app/settings_table.hpp"
#include "app/settings_toml.hpp"
#include "base/files.hpp"
#include "base/text_distance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

namespace ragd::app {

namespace {

constexpr std::size_t kMaxConfigBytes = 1UL << 20U;

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const SettingRow& row : settings_table()) {
    keys.push_back(row.key);
    if (const std::string section = row.section(); !section.empty()) keys.push_back(section);
  }
  return keys;
}

bool is_section(std::string_view key) {
  const auto& table = settings_table();
  return std::any_of(table.begin(), table.end(), [key](const SettingRow& row) { return row.section() == key; });
}

/// The types a TOML value may have for a kind of setting; strict, so that `requests = "60"` is not silently read.
std::vector<TomlType> types_for(SettingKind kind) {
  switch (kind) {
    case SettingKind::text:
    case SettingKind::choice:
      return {TomlType::string};
    case SettingKind::list:
      return {TomlType::list};
    case SettingKind::boolean:
      return {TomlType::boolean};
    case SettingKind::integer:
      return {TomlType::integer};
    case SettingKind::number:
      return {TomlType::floating, TomlType::integer};
    case SettingKind::duration:
    case SettingKind::size:
      return {TomlType::string, TomlType::integer, TomlType::floating};
  }
  return {};
}

/// A value on its way into the settings, from whichever source.
struct Assignment {
  const SettingRow& row;
  RawValue value;
  SettingOrigin origin;
};

Result<void> assign(LoadedSettings& loaded, const Assignment& assignment) {
  const SettingRow& row = assignment.row;
  const SettingOrigin& origin = assignment.origin;
  if (const auto done = row.assign(loaded.values, assignment.value); !done) {
    const std::string reason = row.secret ? "has a bad value" : done.error().detail;
    const std::string key = origin.kind == SettingOrigin::Kind::file ? row.key + ": " : "";
    return fail(Errc::unprocessable, origin.blame() + ": " + key + reason);
  }
  loaded.origins[static_cast<std::size_t>(&row - settings_table().data())] = origin;
  return {};
}

Result<void> apply_entry(LoadedSettings& loaded, const TomlEntry& entry, const std::string& file) {
  const SettingRow* row = find_setting(entry.key);
  if (row == nullptr && is_section(entry.key)) {
    if (entry.type == TomlType::table) return {};
    return fail(Errc::unprocessable, at(file, entry.key_at) + ": '" + entry.key + "' is a section: write [" +
                                         entry.key + "] above its settings");
  }
  if (row == nullptr) {
    return fail(Errc::unprocessable, at(file, entry.key_at) + ": unknown key '" + entry.key + "'" +
                                         base::did_you_mean(entry.key, all_keys(), "'"));
  }
  const auto types = types_for(row->kind);
  const bool toggled = row->kind == SettingKind::choice && entry.type == TomlType::boolean;
  if (!toggled && std::find(types.begin(), types.end(), entry.type) == types.end()) {
    return fail(Errc::unprocessable, at(file, entry.value_at) + ": " + row->key + ": must be " +
                                         std::string(describe(types.front())) + ", not " +
                                         std::string(describe(entry.type)));
  }
  return assign(loaded, {*row, entry.value, {SettingOrigin::Kind::file, at(file, entry.value_at)}});
}

Result<void> apply_file(LoadedSettings& loaded, const std::string& file) {
  const auto text = base::read_file(file, kMaxConfigBytes);
  if (!text) return fail(Errc::unprocessable, file + ": " + text.error().detail);
  const auto entries = read_toml(*text, file);
  if (!entries) return entries.error();
  for (const TomlEntry& entry : *entries) {
    if (auto done = apply_entry(loaded, entry, file); !done) return done;
  }
  return {};
}

Result<void> apply_environment(LoadedSettings& loaded, const std::map<std::string, std::string>& environment) {
  if (auto known = refuse_unknown_variables(environment); !known) return known;
  for (const SettingRow& row : settings_table()) {
    const auto variable = find_variable(row, environment);
    if (!variable) return variable.error();
    if (variable->name.empty()) continue;
    const SettingOrigin origin{SettingOrigin::Kind::environment, variable->name};
    if (auto done = assign(loaded, {row, variable->value, origin}); !done) return done;
  }
  return {};
}

Result<void> apply_flags(LoadedSettings& loaded, const std::vector<std::pair<std::string, std::string>>& flags) {
  std::vector<std::string> names;
  for (const SettingRow& row : settings_table()) names.push_back(row.flag());
  for (const auto& [name, value] : flags) {
    const SettingOrigin origin{SettingOrigin::Kind::flag, name};
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return fail(Errc::unprocessable, origin.blame() + ": unknown flag" + base::did_you_mean(name, names));
    }
    const SettingRow& row = settings_table()[static_cast<std::size_t>(found - names.begin())];
    if (auto done = assign(loaded, {row, value, origin}); !done) return done;
  }
  return {};
}

/// What other programs' variables say, where nobody said anything to this one.
Result<void> apply_fallbacks(LoadedSettings& loaded, const std::map<std::string, std::string>& environment) {
  const Settings defaults;
  for (const SettingRow& row : settings_table()) {
    const Variable variable = find_fallback(row, environment);
    if (variable.name.empty() || loaded.origin_of(row.key).kind != SettingOrigin::Kind::preset) continue;
    const SettingRow* const with = find_setting(row.fallback_with);
    if (with->print(loaded.values) == with->print(defaults)) continue;
    const SettingOrigin origin{SettingOrigin::Kind::environment, variable.name};
    if (auto done = assign(loaded, {row, variable.value, origin}); !done) return done;
  }
  return {};
}

}  // namespace

std::string SettingOrigin::describe() const {
  switch (kind) {
    case Kind::file:
      return where;
    case Kind::environment:
      return "environment " + where;
    case Kind::flag:
      return "flag " + where;
    case Kind::preset:
      break;
  }
  return "default";
}

std::string SettingOrigin::blame() const {
  switch (kind) {
    case Kind::file:
      return where;
    case Kind::environment:
      return "environment: " + where;
    case Kind::flag:
      return "command line: " + where;
    case Kind::preset:
      break;
  }
  return "settings";
}

const SettingOrigin& LoadedSettings::origin_of(std::string_view key) const {
  const SettingRow* row = find_setting(key);
  if (row == nullptr) throw std::logic_error("no setting is called " + std::string(key));
  return origins[static_cast<std::size_t>(row - settings_table().data())];
}

Result<LoadedSettings> load_settings(const SettingsSources& sources) {
  LoadedSettings loaded;
  loaded.origins.resize(settings_table().size());
  std::string file = sources.config_file.value_or("");
  if (const auto named = sources.environment.find("RAGD_CONFIG"); file.empty() && named != sources.environment.end()) {
    file = named->second;
  }
  if (!file.empty()) {
    if (const auto done = apply_file(loaded, file); !done) return done.error();
  }
  if (const auto done = apply_environment(loaded, sources.environment); !done) return done.error();
  if (const auto done = apply_flags(loaded, sources.flags); !done) return done.error();
  if (const auto done = apply_fallbacks(loaded, sources.environment); !done) return done.error();
  if (const auto sound = check_settings(loaded); !sound) return sound.error();
  return loaded;
}

Settings reloaded(const Settings& running, const Settings& fresh) {
  Settings settings = running;
  for (const SettingRow& row : settings_table()) {
    if (row.reloadable) row.copy(settings, fresh);
  }
  return settings;
}

std::vector<std::string> changed_but_not_reloadable(const Settings& old, const Settings& fresh) {
  std::vector<std::string> keys;
  for (const SettingRow& row : settings_table()) {
    if (!row.reloadable && row.print(old) != row.print(fresh)) keys.push_back(row.key);
  }
  return keys;
}

}  // namespace ragd::app
