#include "cli/bench_arguments.hpp"

#include "base/units.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace ragd::cli {

namespace {

using std::chrono::milliseconds;

constexpr const char* kMore =
    "Without --rate each connection asks again as soon as it is answered (closed loop). With --rate requests are due\n"
    "at their times, and latency counts from there, also while they wait for a free connection (open loop).\n"
    "Examples:\n"
    "  ragd bench --warm --duration 5s               cached questions, as fast as the server answers\n"
    "  ragd bench --rate 2000 --questions file.txt   latency at a given load\n"
    "  ragd bench --once 1000                        a thousand questions at once: how many succeed?\n"
    "docs/benchmarks.md has more. The server's rate limit counts these requests too: rate_limit.requests = 0 is off.\n"
    "Exit codes: 0 measured, 1 the server cannot be reached or answered nothing, 2 the command line is wrong.";
constexpr milliseconds kLongest = std::chrono::hours(24);

CLI::Validator path() {
  const auto refuse = [](const std::string& text) {
    const bool good = text.starts_with('/') && text.find_first_of(" \t\r\n") == std::string::npos;
    return good ? std::string() : "'" + text + "' does not begin with / or has a space in it";
  };
  return {refuse, ""};
}

/// CLI11's own range writes its bounds into the help, where the flag's text has them already, and with six decimals.
template <class T>
CLI::Validator within(T least, T most, const std::string& bounds) {
  const auto refuse = [least, most, bounds](const std::string& text) {
    T value{};
    const bool good = CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
    return good ? std::string() : "'" + text + "' is not a number from " + bounds;
  };
  return {refuse, ""};
}

CLI::Validator cache_mode() {
  const auto refuse = [](const std::string& text) {
    const bool good = text == "use" || text == "refresh" || text == "bypass";
    return good ? std::string() : "'" + text + "' is none of use, refresh, bypass";
  };
  return {refuse, ""};
}

CLI::Option* add_duration(CLI::App& verb, const std::string& name, const std::string& about, milliseconds least,
                          const std::function<void(milliseconds)>& set) {
  const auto parse = [name, least, set](const std::string& text) {
    const auto value = base::parse_duration(text);
    if (!value) throw CLI::ValidationError(name, "'" + text + "' " + value.error().detail);
    if (*value < least || *value > kLongest) {
      throw CLI::ValidationError(name, "'" + text + "' is not from " + base::format_duration(least) + " to 24h");
    }
    set(*value);
  };
  return verb.add_option_function<std::string>(name, parse, about)->type_name("DURATION");
}

void add_requests(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--path", options.path, "Where [/query]")->check(path())->type_name("PATH");
  CLI::Option* get = verb.add_flag("--get", options.get, "GET without a body, instead of POST");
  CLI::Option* body = verb.add_option("--body", options.body_file, "The same JSON body every time")->type_name("FILE");
  CLI::Option* questions = verb.add_option("--questions", options.questions,
                                           "A file with one question a line, asked in turn; or N made-up ones, the "
                                           "k-th with weight 1/k^s [zipf:1000,1]")
                               ->type_name("FILE|zipf:N,s");
  CLI::Option* cache =
      verb.add_option("--cache", options.cache, "The field 'cache' of each question: use, refresh, bypass")
          ->check(cache_mode())
          ->type_name("MODE");
  CLI::Option* clients =
      verb.add_option(
              "--clients", options.clients,
              "With --get or --body: for N addresses in X-Forwarded-For, drawn at random, 1 to 1000000; a server "
              "believes it where http.trusted_proxies names this host")
          ->check(within(1, 1'000'000, "1 to 1000000"))
          ->type_name("N");
  verb.add_option("--seed", options.seed, "Of the order of made-up questions and of clients [1]")->type_name("N");
  get->excludes(body)->excludes(questions)->excludes(cache);
  body->excludes(questions)->excludes(cache);
  clients->excludes(questions)->excludes(cache);
}

void add_load(CLI::App& verb, BenchOptions& options) {
  CLI::Option* rate = verb.add_option("--rate", options.rate, "Requests a second, whatever the answers take")
                          ->check(within(0.001, 1e7, "0.001 to 10000000"))
                          ->type_name("R");
  CLI::Option* connections = verb.add_option("--connections", options.connections, "Kept open, 1 to 20000 [64]")
                                 ->check(within(1, 20000, "1 to 20000"))
                                 ->type_name("N");
  verb.add_option("--threads", options.threads, "1 to 64 [1]")->check(within(1, 64, "1 to 64"))->type_name("N");
  verb.add_flag("--spin", options.spin, "Polls instead of sleeping: takes whole cores, and is never woken");
  CLI::Option* requests = verb.add_option("--requests", options.requests, "Ends after so many, if that is sooner")
                              ->check(within(1UL, 1'000'000'000'000UL, "1 to 1000000000000"))
                              ->type_name("N");
  CLI::Option* ramp =
      verb.add_flag("--ramp", options.ramp,
                    "Finds the highest rates with p99 within 1, 5 and 10 ms; --rate is the first it tries [1000]");
  CLI::Option* once = verb.add_option("--once", options.once, "N requests at once, each on a connection of its own")
                          ->check(within(1, 20000, "1 to 20000"))
                          ->type_name("N");
  once->excludes(rate)->excludes(ramp)->excludes(connections)->excludes(requests);
  ramp->excludes(requests);
}

void add_times(CLI::App& verb, BenchOptions& options) {
  constexpr milliseconds kLeast{1};
  CLI::Option* duration = add_duration(verb, "--duration", "How long it measures; of a ramp, each step [10s; 2s]",
                                       kLeast, [&options](milliseconds value) { options.duration = value; });
  CLI::Option* warmup = add_duration(verb, "--warmup", "The same load for so long first, not measured [0s]",
                                     milliseconds(0), [&options](milliseconds value) { options.warmup = value; });
  verb.add_flag("--warm", options.warm, "Asks each distinct question once first, not measured");
  add_duration(verb, "--timeout", "How long an answer may take [10s]", kLeast,
               [&options](milliseconds value) { options.timeout = value; });
  verb.get_option("--once")->excludes(duration)->excludes(warmup);
}

}  // namespace

void add_bench_flags(CLI::App& verb, BenchOptions& options) {
  verb.footer(kMore);
  add_requests(verb, options);
  add_load(verb, options);
  add_times(verb, options);
  verb.add_option("--json", options.json_file, "The result as JSON too; - is stdout, instead of the table")
      ->type_name("FILE");
  verb.add_flag("--progress", options.progress, "A line a second on stderr, also where that is no terminal");
}

}  // namespace ragd::cli
