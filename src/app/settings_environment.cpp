#include "app/settings_environment.hpp"

#include "base/ascii.hpp"
#include "base/files.hpp"
#include "base/text_distance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace ragd::app {

namespace {

constexpr std::string_view kPrefix = "RAGD_";
constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::size_t kMaxValueFileBytes = 64UL << 10U;

/// Read elsewhere: the configuration's name, and what the client verbs use.
constexpr std::array<std::string_view, 4> kOtherVariables{"RAGD_CONFIG", "RAGD_URL", "RAGD_API_KEY",
                                                          "RAGD_API_KEY_FILE"};

bool is_set(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found != environment.end() && !found->second.empty();
}

/// Kubernetes gives each container RAGD_SERVICE_HOST, RAGD_SERVICE_PORT[_NAME], RAGD_PORT and RAGD_PORT_8000_TCP[_ADDR]
/// for a Service called "ragd".
bool is_service_link(std::string_view name) {
  constexpr std::string_view kPort = "RAGD_PORT";
  if (name.starts_with("RAGD_SERVICE_")) return true;
  if (!name.starts_with(kPort)) return false;
  const std::string_view rest = name.substr(kPort.size());
  return rest.empty() || (rest.size() > 1 && rest[0] == '_' && base::is_digit(rest[1]));
}

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

Result<void> refuse_unknown_variables(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> known(kOtherVariables.begin(), kOtherVariables.end());
  for (const SettingRow& row : settings_table()) {
    known.push_back(row.env());
    known.push_back(row.env() + std::string(kFileSuffix));
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || is_service_link(name)) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(Errc::unprocessable, "environment: " + name + ": unknown setting" + base::did_you_mean(name, known));
  }
  return {};
}

Result<Variable> find_variable(const SettingRow& row, const std::map<std::string, std::string>& environment) {
  const std::string name = row.env();
  const std::string file_name = name + std::string(kFileSuffix);
  if (is_set(environment, name) && is_set(environment, file_name)) {
    return fail(Errc::unprocessable, "environment: " + file_name + ": is set and so is " + name + ": keep one of them");
  }
  if (is_set(environment, name)) return Variable{name, environment.at(name)};
  if (is_set(environment, file_name)) {
    const std::string& path = environment.at(file_name);
    auto text = base::read_file(path, kMaxValueFileBytes);
    if (!text) {
      return fail(Errc::unprocessable, "environment: " + file_name + ": '" + path + "' " + text.error().detail);
    }
    return Variable{file_name, without_line_end(std::move(*text))};
  }
  for (const std::string& alias : row.env_aliases) {
    if (is_set(environment, alias)) return Variable{alias, environment.at(alias)};
  }
  return Variable{};
}

Variable find_fallback(const SettingRow& row, const std::map<std::string, std::string>& environment) {
  if (row.fallback_env.empty() || !is_set(environment, row.fallback_env)) return {};
  return {row.fallback_env, environment.at(row.fallback_env)};
}

}  // namespace ragd::app
