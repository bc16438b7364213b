#include "cli/arguments.hpp"

#include "base/files.hpp"
#include "base/text_distance.hpp"
#include "cli/bench_arguments.hpp"
#include "cli/transfer_arguments.hpp"

#include <ragd/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

namespace ragd::cli {

namespace {

constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8000";
constexpr std::size_t kMaxKeyFileBytes = 64UL << 10U;
constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 nothing was found.";

/// CLI11 would take "[what]" for a list and "--x=" for an option whose value comes next: spelled so that it cannot.
/// unguarded undoes it.
constexpr char kGuard = '\x01';

std::vector<std::string> guarded(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  bool flags_end = false;
  for (const std::string& argument : arguments) {
    flags_end = flags_end || argument == "--";
    if (argument.starts_with('[')) {
      out.push_back(kGuard + argument);
    } else if (!flags_end && argument.starts_with("--") && argument.ends_with('=')) {
      out.push_back(argument.substr(0, argument.size() - 1));
      out.emplace_back();
    } else {
      out.push_back(argument);
    }
  }
  return out;
}

std::vector<std::string> unguarded(std::vector<std::string> values) {
  for (std::string& value : values) {
    if (value.starts_with(kGuard)) value.erase(0, 1);
  }
  return values;
}

/// The grammar, and the values it fills while it parses.
class Grammar {
 public:
  explicit Grammar(const std::vector<SettingFlag>& settings) : settings_(settings) {
    app_.set_help_flag("-h,--help", "Shows this help");
    app_.add_flag("--version", version_, "Shows the version");
    app_.footer("`ragd VERB --help` tells more about each.");
    add_serve();
    add_ingest();
    add_ask();
    add_search();
    add_bench();
    add_transfer();
    add_check_config();
    add_healthcheck();
    app_.add_subcommand("version", "Shows the version");
  }

  Command parse(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
    try {
      std::vector<std::string> words = guarded(arguments);
      std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
      app_.parse(std::move(words));
    } catch (const CLI::Success& asked) {
      std::ostringstream text;
      app_.exit(asked, text, text);
      return Usage{kExitDone, text.str()};
    } catch (const CLI::ExtrasError&) {
      return mistake(explain_unknown());
    } catch (const CLI::ArgumentMismatch& error) {
      const std::string_view what = error.what();
      return mistake(std::string(what.substr(0, what.find(':'))) + ": takes exactly one value");
    } catch (const CLI::ParseError& error) {
      return mistake(error.what());
    }
    return command(environment);
  }

 private:
  CLI::App* verb(const std::string& name, const std::string& summary, const std::string& more) {
    CLI::App* sub = app_.add_subcommand(name, summary);
    sub->footer(more);
    return sub;
  }

  void add_serve() {
    CLI::App* sub = verb("serve", "Runs the server",
                         "Every setting may also stand in the file or in the environment: docs/configuration.md.");
    add_settings(sub);
  }

  void add_check_config() {
    CLI::App* sub = verb("check-config", "Checks the settings and starts nothing",
                         "Exit codes: 0 they are good, 2 they are not (one line says where).");
    sub->add_flag("--print", check_.print, "Shows the value of every setting and where it came from");
    sub->add_flag("--markdown", check_.markdown, "Shows the documentation of all settings (docs/configuration.md)");
    add_settings(sub);
  }

  void add_ask() {
    CLI::App* sub = verb("ask", "Asks a running server a question", std::string(kExitCodes));
    sub->add_option("question", words_, "The question; several words need no quotes")->required()->type_name("");
    add_top_k(sub, ask_.top_k);
    sub->add_flag("--json", ask_.json, "Prints the answer as the server sent it");
    add_connection(sub);
  }

  void add_search() {
    CLI::App* sub = verb("search", "Shows the passages that match best, without an answer", std::string(kExitCodes));
    sub->add_option("query", words_, "What to look for; several words need no quotes")->required()->type_name("");
    add_top_k(sub, search_.top_k);
    sub->add_flag("--json", search_.json, "Prints the result as the server sent it");
    add_connection(sub);
  }

  void add_bench() {
    CLI::App* sub = app_.add_subcommand("bench", "Puts a running server under load and measures it");
    add_bench_flags(*sub, bench_);
    add_connection(sub);
  }

  void add_transfer() {
    CLI::App* sub = app_.add_subcommand("export", "Writes all documents of a running server to a file");
    add_export_flags(*sub, transfer_.export_);
    add_connection(sub);
    sub = app_.add_subcommand("import", "Gives a running server the documents of such a file");
    add_import_flags(*sub, transfer_.import_);
    add_connection(sub);
    sub = app_.add_subcommand("snapshot", "Takes a snapshot of the documents, for backups");
    add_snapshot_flags(*sub, transfer_.snapshot);
    add_connection(sub);
    add_restore_flags(*app_.add_subcommand("restore", "Makes a snapshot the documents of a data directory"),
                      transfer_.restore);
  }

  void add_ingest() {
    CLI::App* sub =
        verb("ingest", "Gives files and folders to a running server",
             "Reads text, Markdown, reStructuredText, HTML and PDF (through pdftotext). A document's id is its "
             "path as given;\nfiles the server already has unchanged are not sent again. Files that cannot be "
             "read are named, the rest goes on.\nExit codes: 0 done, 1 some file failed, 2 the command line "
             "is wrong.");
    sub->add_option("paths", ingest_.paths, "Files, and folders with all that is in them")->required()->type_name("");
    sub->add_flag("--dry-run", ingest_.dry_run, "Only lists what would be read");
    sub->add_flag("--wait", ingest_.wait, "Returns only when everything can be found by meaning too");
    sub->add_flag("--json", ingest_.json, "Prints the summary as JSON");
    add_connection(sub);
  }

  void add_healthcheck() {
    CLI::App* sub = verb("healthcheck", "Asks whether a server is alive (exit code 0 or 1, for containers)",
                         "Without --url and RAGD_URL it asks the server that the settings describe.");
    sub->add_flag("--ready", health_.options.ready, "Asks whether it is ready, not only alive");
    sub->add_flag("--json", health_.options.json, "Prints the answer as the server sent it");
    sub->add_option("--config", config_, "The settings file, for the address (or RAGD_CONFIG)")->type_name("FILE");
    add_connection(sub);
  }

  void add_connection(CLI::App* sub) {
    sub->add_option("--url", server_.url, "The server (or RAGD_URL) [" + std::string(kDefaultUrl) + "]")
        ->type_name("URL");
    sub->add_option("--api-key", server_.api_key,
                    "Its API key; others can see it in the list of processes, unlike RAGD_API_KEY or RAGD_API_KEY_FILE")
        ->type_name("KEY");
  }

  static void add_top_k(CLI::App* sub, std::optional<std::uint32_t>& top_k) {
    sub->add_option("--top-k", top_k, "How many passages to use, 1 to 50")->check(CLI::Range(1, 50))->type_name("N");
  }

  void add_settings(CLI::App* sub) {
    sub->add_option("--config", config_, "The settings file (or RAGD_CONFIG)")->type_name("FILE");
    for (const SettingFlag& setting : settings_) {
      const std::string about = setting.doc + " [" + setting.preset + "; " + setting.accepts + "]";
      CLI::Option* option = setting.is_switch ? sub->add_flag(setting.name, about)
                                              : sub->add_option(setting.name, CLI::callback_t(accept), about);
      if (!setting.is_switch) option->type_name("VALUE");
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      option->group(setting.section.empty() ? "General settings" : "[" + setting.section + "]");
    }
  }

  /// Values are read and checked by the settings, not here.
  static bool accept(const CLI::results_t& /*values*/) { return true; }

  ServerArguments server_arguments(const CLI::App& sub) const {
    ServerArguments arguments;
    if (!config_.empty()) arguments.config_file = config_;
    for (const SettingFlag& setting : settings_) {
      const CLI::Option* option = sub.get_option_no_throw(setting.name);
      if (option == nullptr || option->count() == 0) continue;
      const auto values = unguarded(option->results());
      arguments.flags.emplace_back(setting.name, setting.is_list ? CLI::detail::join(values, ",") : values.back());
    }
    return arguments;
  }

  Command command(const std::map<std::string, std::string>& environment) {
    const auto verbs = app_.get_subcommands();
    if (version_) return VersionCommand{};
    if (verbs.empty()) return Usage{kExitUsage, app_.help()};
    const CLI::App& sub = *verbs.front();
    const std::string& name = sub.get_name();
    if (name == "serve") return ServeCommand{server_arguments(sub)};
    if (name == "version") return VersionCommand{};
    if (name == "check-config") {
      check_.settings = server_arguments(sub);
      return check_;
    }
    if (name == "restore") return restore(environment);
    if (const auto done = connect(environment, name == "healthcheck"); !done) return mistake(done.error().detail);
    return client_command(name, sub);
  }

  Command restore(const std::map<std::string, std::string>& environment) {
    RestoreOptions& options = transfer_.restore;
    const auto found = environment.find("RAGD_DATA_DIR");
    if (options.data_dir.empty() && found != environment.end()) options.data_dir = found->second;
    if (options.data_dir.empty()) return mistake("--data-dir is required");
    options.snapshot = unguarded({options.snapshot}).front();
    return options;
  }

  Command transfer_command(const std::string& name) {
    if (name == "export") {
      transfer_.export_.server = server_;
      return transfer_.export_;
    }
    if (name == "import") {
      transfer_.import_.server = server_;
      transfer_.import_.input = unguarded({transfer_.import_.input}).front();
      return transfer_.import_;
    }
    transfer_.snapshot.server = server_;
    return transfer_.snapshot;
  }

  Command client_command(const std::string& name, const CLI::App& sub) {
    if (name == "ask") {
      ask_.server = server_;
      ask_.question = CLI::detail::join(unguarded(words_), " ");
      return ask_;
    }
    if (name == "search") {
      search_.server = server_;
      search_.query = CLI::detail::join(unguarded(words_), " ");
      return search_;
    }
    if (name == "bench") {
      bench_.server = server_;
      return bench_;
    }
    if (name == "ingest") {
      ingest_.server = server_;
      ingest_.paths = unguarded(std::move(ingest_.paths));
      return ingest_;
    }
    if (name != "healthcheck") return transfer_command(name);
    health_.options.server = server_;
    health_.settings = server_arguments(sub);
    return health_;
  }

  /// Fills what the flags left open from the environment.
  Result<void> connect(const std::map<std::string, std::string>& environment, bool url_may_be_missing) {
    const auto variable = [&environment](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? std::string() : found->second;
    };
    if (server_.url.empty()) server_.url = variable("RAGD_URL");
    if (server_.url.empty() && !url_may_be_missing) server_.url = kDefaultUrl;
    while (server_.url.ends_with('/')) server_.url.pop_back();
    const std::string file = variable("RAGD_API_KEY_FILE");
    if (!server_.api_key.empty()) return {};
    server_.api_key = variable("RAGD_API_KEY");
    if (file.empty()) return {};
    if (!server_.api_key.empty()) {
      return fail(Errc::unprocessable,
                  "environment: RAGD_API_KEY_FILE: is set and so is RAGD_API_KEY: keep one of them");
    }
    auto key = base::read_file(file, kMaxKeyFileBytes);
    if (!key) {
      return fail(Errc::unprocessable, "environment: RAGD_API_KEY_FILE: '" + file + "' " + key.error().detail);
    }
    while (key->ends_with('\n') || key->ends_with('\r')) key->pop_back();
    server_.api_key = std::move(*key);
    return {};
  }

  std::string explain_unknown() const {
    const auto verbs = app_.get_subcommands();
    const auto extras = unguarded(app_.remaining(true));
    const auto flag =
        std::find_if(extras.begin(), extras.end(), [](const auto& word) { return word.starts_with('-'); });
    std::vector<std::string> known;
    if (verbs.empty() && flag == extras.end()) {
      for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(sub->get_name());
      }
      return "unknown verb '" + extras.front() + "'" + base::did_you_mean(extras.front(), known, "'");
    }
    if (flag == extras.end()) return "unexpected argument '" + extras.front() + "'";
    for (const CLI::Option* option : (verbs.empty() ? &app_ : verbs.front())->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::string name = flag->substr(0, flag->find('='));
    return name + ": unknown flag" + base::did_you_mean(name, known);
  }

  Usage mistake(const std::string& line) const {
    const bool located = line.starts_with("environment: ");
    return {kExitUsage, (located ? line : "command line: " + line) + "\n"};
  }

  const std::vector<SettingFlag>& settings_;
  CLI::App app_{"ragd: answers questions over your own documents, with citations", "ragd"};
  bool version_ = false;
  std::string config_;
  Connection server_;
  std::vector<std::string> words_;
  CheckConfigCommand check_;
  HealthcheckCommand health_;
  IngestOptions ingest_;
  AskOptions ask_;
  SearchOptions search_;
  BenchOptions bench_;
  TransferOptions transfer_;
};

}  // namespace

Command parse_arguments(const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment,
                        const std::vector<SettingFlag>& settings) {
  return Grammar(settings).parse(arguments, environment);
}

}  // namespace ragd::cli
