#include "app/check_config.hpp"

#include "app/settings_print.hpp"

#include <iostream>

namespace ragd::app {

int check_config(const SettingsSources& sources, CheckConfigOutput output) {
  if (output == CheckConfigOutput::markdown) {
    std::cout << settings_as_markdown();
    return 0;
  }
  const auto loaded = load_settings(sources);
  if (!loaded) {
    std::cerr << loaded.error().detail << '\n';
    return 2;
  }
  if (output == CheckConfigOutput::toml) {
    std::cout << settings_as_toml(*loaded);
  } else {
    std::cout << "the settings are right\n";
  }
  return 0;
}

}  // namespace ragd::app
