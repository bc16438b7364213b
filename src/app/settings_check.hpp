// What single settings cannot know: combinations that make no sense or would be unsafe.
//
// Pure, thread-safe. The error line starts with where the offending value was given.
#pragma once

#include "app/settings_load.hpp"

#include <ragd/error.hpp>

namespace ragd::app {

[[nodiscard]] Result<void> check_settings(const LoadedSettings& loaded);

}  // namespace ragd::app
