// Settings loaded from sources that a test fills in, and the one line that refuses them.
#pragma once

#include "app/settings_load.hpp"
#include "app/settings_table.hpp"
#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ragd::app {

class LoadSettings : public testing::Test {
 protected:
  LoadedSettings load() {
    auto loaded = load_settings(sources_);
    EXPECT_TRUE(loaded) << loaded.error().detail;
    return loaded ? *loaded : LoadedSettings{Settings{}, std::vector<SettingOrigin>(settings_table().size())};
  }
  /// The error line, with the temporary folder taken out of it.
  std::string refusal() {
    const auto loaded = load_settings(sources_);
    if (loaded) return "it was accepted";
    std::string line = loaded.error().detail;
    const std::string folder = folder_.path().string() + "/";
    for (auto at = line.find(folder); at != std::string::npos; at = line.find(folder)) line.erase(at, folder.size());
    EXPECT_EQ(line.find('\n'), std::string::npos) << "one line, not more";
    return line;
  }
  std::string refusal_of_file(std::string_view toml) {
    sources_ = {};
    file(toml);
    return refusal();
  }
  std::string refusal_of_env(const std::string& name, const std::string& value) {
    sources_ = {};
    sources_.environment = {{name, value}};
    return refusal();
  }
  std::string refusal_of_flag(const std::string& name, const std::string& value) {
    sources_ = {};
    sources_.flags = {{name, value}};
    return refusal();
  }
  void file(std::string_view toml) { sources_.config_file = folder_.write("ragd.toml", toml); }

  fakes::TemporaryFolder folder_;
  SettingsSources sources_;
};

}  // namespace ragd::app
