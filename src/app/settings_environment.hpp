// Which environment variables are settings, and what they hold: RAGD_CACHE_TTL, RAGD_CACHE_TTL_FILE (the value stands
// in that file), LOG_LEVEL, OPENAI_API_KEY. An empty variable counts as absent, as compose files produce them.
//
// Pure but for reading the _FILE files; thread-safe. Refuses unknown RAGD_* names, except those that belong to the
// client verbs and those Kubernetes makes up for a Service called "ragd".
#pragma once

#include "app/settings_table.hpp"

#include <ragd/error.hpp>

#include <map>
#include <string>

namespace ragd::app {

struct Variable {
  std::string name;  ///< the one that was used; empty when none is set
  std::string value;
};

/// "environment: RAGD_CACHE_TLL: unknown setting (did you mean RAGD_CACHE_TTL?)"
[[nodiscard]] Result<void> refuse_unknown_variables(const std::map<std::string, std::string>& environment);

/// The row's variable, or the file it names, or the first alias that is set.
[[nodiscard]] Result<Variable> find_variable(const SettingRow& row,
                                             const std::map<std::string, std::string>& environment);

/// The row's fallback_env, where it is set; whether it counts is for whoever knows the other settings.
[[nodiscard]] Variable find_fallback(const SettingRow& row, const std::map<std::string, std::string>& environment);

}  // namespace ragd::app
