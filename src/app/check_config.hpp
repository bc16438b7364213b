// The verb `check-config`: are the settings right, and what are they?
#pragma once

#include "app/settings_load.hpp"

namespace ragd::app {

enum class CheckConfigOutput { verdict, toml, markdown };

/// Exit code 0, or 2 with one line on stderr that says where the mistake is.
[[nodiscard]] int check_config(const SettingsSources& sources, CheckConfigOutput output);

}  // namespace ragd::app
