// Settings for people: what is in force and why (check-config --print), and the table of all (docs/configuration.md).
//
// Pure, thread-safe. Secrets are masked in both.
#pragma once

#include "app/settings_load.hpp"

#include <string>

namespace ragd::app {

/// A TOML file that gives these values, each line with its origin as a comment.
[[nodiscard]] std::string settings_as_toml(const LoadedSettings& loaded);

/// docs/configuration.md, whole.
[[nodiscard]] std::string settings_as_markdown();

}  // namespace ragd::app
