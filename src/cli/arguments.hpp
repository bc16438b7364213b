// The command line as a value: which verb, with which options. Built on CLI11, which only *arguments.cpp see.
//
// Pure but for reading RAGD_API_KEY_FILE; thread-safe. What cannot be understood becomes a Usage with one line that
// names the nearest thing that could.
#pragma once

#include "cli/bench.hpp"
#include "cli/verbs.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ragd::cli {

/// A setting as the command line knows it; main makes these from the settings table.
struct SettingFlag {
  std::string name;     ///< "--cache-ttl"
  std::string section;  ///< "cache"; empty at the top
  std::string doc;
  std::string accepts;  ///< "1 to 50"
  std::string preset;   ///< the default as it is written
  bool is_switch = false;
  bool is_list = false;  ///< may be given several times
};

/// What settings are loaded from, besides the environment.
struct ServerArguments {
  std::optional<std::string> config_file;
  std::vector<std::pair<std::string, std::string>> flags;  ///< {"--cache-ttl", "5m"}
};

struct ServeCommand {
  ServerArguments settings;
};
struct CheckConfigCommand {
  ServerArguments settings;
  bool print = false;     ///< every value and where it came from
  bool markdown = false;  ///< docs/configuration.md instead
};
struct HealthcheckCommand {
  HealthcheckOptions options;  ///< an empty url: the one the settings listen on
  ServerArguments settings;
};
struct VersionCommand {};

/// Help that was asked for (exit code 0, for stdout) or a mistake (exit code 2, for stderr).
struct Usage {
  int exit_code = kExitUsage;
  std::string text;
};

using Command = std::variant<Usage, ServeCommand, IngestOptions, AskOptions, SearchOptions, BenchOptions, ExportOptions,
                             ImportOptions, SnapshotOptions, RestoreOptions, CheckConfigCommand, HealthcheckCommand,
                             VersionCommand>;

/// `arguments` without the program's name.
[[nodiscard]] Command parse_arguments(const std::vector<std::string>& arguments,
                                      const std::map<std::string, std::string>& environment,
                                      const std::vector<SettingFlag>& settings);

}  // namespace ragd::cli
