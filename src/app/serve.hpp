// The verb `serve`: a Server from its settings, until a signal ends it.
//
// SIGHUP reloads, SIGTERM and SIGINT drain, a second one ends at once. Returns the exit code: 0 ended as asked,
// 1 could not start, 2 the settings are wrong; the reason is one line on stderr.
#pragma once

#include "app/settings_load.hpp"

namespace ragd::app {

[[nodiscard]] int serve(const SettingsSources& sources);

}  // namespace ragd::app
