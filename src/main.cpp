// ragd: arguments -> the verb they name -> exit code.
#include "app/check_config.hpp"
#include "app/environment.hpp"
#include "app/serve.hpp"
#include "app/settings_table.hpp"
#include "base/version.hpp"
#include "cli/arguments.hpp"
#include "cli/bench.hpp"
#include "cli/http_transport.hpp"

#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace ragd {
namespace {

using Environment = std::map<std::string, std::string>;

/// The settings as the command line knows them.
std::vector<cli::SettingFlag> setting_flags() {
  const Settings defaults;
  std::vector<cli::SettingFlag> flags;
  for (const app::SettingRow& row : app::settings_table()) {
    flags.push_back({row.flag(), row.section(), row.doc, row.accepts, app::shown(row, defaults),
                     row.kind == app::SettingKind::boolean, row.kind == app::SettingKind::list});
  }
  return flags;
}

app::SettingsSources sources_of(const cli::ServerArguments& arguments, const Environment& environment) {
  return {arguments.config_file, environment, arguments.flags};
}

/// Runs the verb; one call operator a verb.
struct Run {
  const Environment& environment;
  cli::Console console{std::cout, std::cerr, isatty(STDERR_FILENO) == 1};

  int operator()(const cli::Usage& usage) const {
    (usage.exit_code == 0 ? console.out : console.err) << usage.text;
    return usage.exit_code;
  }
  int operator()(const cli::ServeCommand& serve) const { return app::serve(sources_of(serve.settings, environment)); }
  int operator()(const cli::CheckConfigCommand& check) const {
    using enum app::CheckConfigOutput;
    return app::check_config(sources_of(check.settings, environment), check.markdown ? markdown
                                                                      : check.print  ? toml
                                                                                     : verdict);
  }
  int operator()(const cli::AskOptions& options) const {
    return with_server(options.server, kPatience,
                       [&](cli::Transport& server) { return cli::ask(options, server, console); });
  }
  int operator()(const cli::SearchOptions& options) const {
    return with_server(options.server, kPatience,
                       [&](cli::Transport& server) { return cli::search(options, server, console); });
  }
  int operator()(const cli::IngestOptions& options) const {
    return with_server(options.server, kPatience, [&](cli::Transport& server) {
      return cli::ingest(options, server, console, SystemClock(), sleep);
    });
  }
  int operator()(const cli::ExportOptions& options) const {
    return with_server(options.server, kPatience, [&](cli::Transport& server) {
      return cli::export_corpus(options, server, console, SystemClock(), sleep);
    });
  }
  int operator()(const cli::ImportOptions& options) const {
    return with_server(options.server, kPatience, [&](cli::Transport& server) {
      return cli::import_corpus(options, std::cin, server, console, SystemClock(), sleep);
    });
  }
  int operator()(const cli::SnapshotOptions& options) const {
    if (!options.data_dir.empty()) return cli::snapshot_offline(options, console, SystemClock());
    return with_server(options.server, kSnapshotPatience,
                       [&](cli::Transport& server) { return cli::snapshot(options, server, console); });
  }
  int operator()(const cli::RestoreOptions& options) const { return cli::restore(options, console); }
  int operator()(const cli::BenchOptions& options) const { return cli::bench(options, console); }
  int operator()(cli::HealthcheckCommand check) const {
    if (check.options.server.url.empty()) {
      const auto loaded = app::load_settings(sources_of(check.settings, environment));
      if (!loaded) {
        console.err << loaded.error().detail << '\n';
        return cli::kExitUsage;
      }
      check.options.server.url = cli::local_url(loaded->values.listen);
    }
    return with_server(check.options.server, kProbePatience,
                       [&](cli::Transport& server) { return cli::healthcheck(check.options, server, console); });
  }
  int operator()(const cli::VersionCommand& /*version*/) const {
    console.out << "ragd " << base::version() << " (" << base::revision() << ", " << base::compiler() << ")\n";
    return cli::kExitDone;
  }

 private:
  /// Longer than the server's own budget for a request, so that its answer explains a delay, not ours.
  static constexpr std::chrono::seconds kPatience{60};
  static constexpr std::chrono::seconds kProbePatience{5};
  static constexpr std::chrono::hours kSnapshotPatience{1};  ///< it reads every byte there is

  static void sleep(std::chrono::milliseconds duration) { std::this_thread::sleep_for(duration); }

  template <class Verb>
  int with_server(const cli::Connection& connection, std::chrono::milliseconds timeout, Verb verb) const {
    const auto transport = cli::HttpTransport::make(connection, timeout);
    if (!transport) {
      console.err << "ragd: " << transport.error().detail << '\n';
      return cli::kExitUsage;
    }
    return verb(**transport);
  }
};

}  // namespace
}  // namespace ragd

int main(int argc, char** argv) {
  const auto environment = ragd::app::read_environment();
  const auto command = ragd::cli::parse_arguments({argv + 1, argv + argc}, environment, ragd::setting_flags());
  return std::visit(ragd::Run{environment}, command);
}
