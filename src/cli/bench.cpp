#include "cli/bench.hpp"

#include "load/report.hpp"
#include "load/requests.hpp"
#include "load/run.hpp"
#include "load/target.hpp"
#include "net/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <utility>

namespace ragd::cli {

namespace {

constexpr std::string_view kDefaultQuestions = "zipf:1000,1";
constexpr std::chrono::seconds kDefaultDuration{10};
constexpr std::chrono::seconds kDefaultStep{2};
constexpr std::chrono::minutes kLongestWarming{10};
constexpr double kDefaultFirstRate = 1000;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

/// Turns SIGINT and SIGTERM into `interrupted` while it lives.
class Interruption {
 public:
  Interruption() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the process
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
  }
  ~Interruption() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

/// The live line: rewritten in place on a terminal, one below the other elsewhere.
class LiveLine {
 public:
  LiveLine(const Console& console, bool wanted) : console_(console), shown_(wanted || console.err_is_terminal) {}
  ~LiveLine() {
    if (console_.err_is_terminal && any_) console_.err << "\n";
  }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  void show(const load::Tally& so_far, std::chrono::seconds elapsed) {
    const std::string line = load::live_line(so_far.since(last_), elapsed);
    last_ = so_far;
    console_.err << (console_.err_is_terminal ? "\r\x1b[K" + line : line + "\n") << std::flush;
    any_ = true;
  }
  /// For load::run; empty where nobody looks.
  load::EverySecond every_second() {
    if (!shown_) return {};
    last_ = {};
    return [this](const load::Tally& so_far, std::chrono::seconds elapsed) { show(so_far, elapsed); };
  }

 private:
  const Console& console_;
  const bool shown_;
  bool any_ = false;
  load::Tally last_;
};

load::RequestSpec spec_of(const BenchOptions& options, const std::string& authority) {
  load::RequestSpec spec{authority,         options.path,      options.server.api_key, options.get,
                         options.body_file, options.questions, options.cache,          options.clients};
  if (!spec.get && spec.body_file.empty() && spec.questions.empty()) spec.questions = kDefaultQuestions;
  return spec;
}

std::string asked(const load::RequestSpec& spec) {
  if (spec.get) return "GET";
  return spec.body_file.empty() ? spec.questions : spec.body_file;
}

load::Plan plan_of(const BenchOptions& options) {
  load::Plan plan;
  plan.rate = options.rate;
  plan.burst = options.once > 0;
  plan.connections = plan.burst ? options.once : options.connections;
  plan.threads = std::min(options.threads, static_cast<unsigned>(plan.connections));
  plan.requests = options.requests.value_or(plan.requests);
  plan.warmup = options.warmup;
  plan.duration = options.duration.value_or(options.ramp ? kDefaultStep : kDefaultDuration);
  plan.timeout = options.timeout;
  plan.spin = options.spin;
  plan.seed = options.seed;
  return plan;
}

/// One verb's work, once the server is known to be there.
class Bench {
 public:
  Bench(const load::Plan& plan, const load::Target& target, const load::RequestSet& requests, LiveLine& live)
      : plan_(plan), step_(plan.duration), target_(target), requests_(requests), live_(live) {}

  /// Each distinct request once, so that what follows finds them cached; an error when it would not.
  Result<void> warm() const {
    load::Plan once = plan_;
    once.rate = 0;
    once.burst = false;
    once.connections = std::min({plan_.connections, requests_.size(), std::size_t{64}});
    once.threads = 1;
    once.requests = requests_.size();
    once.warmup = {};
    once.duration = kLongestWarming;
    once.in_turn = true;
    const auto tally = load::run(once, target_, requests_, interrupted, {});
    if (!tally) return tally.error();
    if (interrupted || tally->count(load::Outcome::success) == requests_.size()) return {};
    return fail(Errc::unavailable, "--warm: " + load::warming_failure(*tally, requests_.size()));
  }

  Result<load::Tally> measure() const {
    return load::run(plan_, target_, requests_, interrupted, live_.every_second());
  }

  /// All steps' tallies together.
  Result<load::Tally> ramp(load::RampSearch& search) {
    load::Tally all;
    load::Nanos window{0};
    double answers = 0;
    for (std::optional<double> rate = search.first(); rate && !interrupted;) {
      plan_.rate = *rate;
      plan_.duration = load::RampSearch::duration_of_step(*rate, step_);
      const auto tally = measure();
      if (!tally) return tally.error();
      all.merge(*tally);
      window += tally->window;
      answers += tally->answers_per_second * seconds(tally->window);
      if (tally->answered() == 0) break;
      if (!interrupted) rate = search.step(step_of(*rate, *tally));
    }
    all.window = window;
    all.answers_per_second = window.count() > 0 ? answers / seconds(window) : 0;
    return all;
  }

 private:
  static double seconds(load::Nanos time) { return std::chrono::duration<double>(time).count(); }

  static double ms(load::Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

  static load::RampStep step_of(double rate, const load::Tally& tally) {
    const std::uint64_t wanted = tally.sent() + tally.unsent;
    const auto part = [wanted](std::uint64_t count) {
      return wanted == 0 ? 1 : static_cast<double>(count) / static_cast<double>(wanted);
    };
    load::RampStep step;
    step.rate = rate;
    if (const auto p99 = tally.latency.sampled_quantile(0.99)) step.p99_ms = ms(*p99);
    step.answered_per_second = tally.answers_per_second;
    step.failed_part = part(wanted - tally.count(load::Outcome::success));
    step.late_p99_ms = ms(tally.late.quantile(0.99));
    step.limited_part = part(tally.count(load::Outcome::rate_limited));
    step.unsent_part = part(tally.unsent);
    return step;
  }

  load::Plan plan_;
  const load::Nanos step_;  // of a ramp, where nothing else asks for more
  const load::Target& target_;
  const load::RequestSet& requests_;
  LiveLine& live_;
};

bool write_report(const load::Report& report, const std::string& json_file, const Console& console) {
  if (json_file != "-") console.out << load::table(report);
  if (json_file.empty()) return true;
  if (json_file == "-") {
    console.out << load::json(report);
    return true;
  }
  std::ofstream file(json_file, std::ios::binary);
  file << load::json(report);
  file.close();
  if (!file) console.err << "ragd bench: --json: '" << printable_line(json_file) << "' cannot be written\n";
  return static_cast<bool>(file);
}

int failed(const Console& console, const Error& error, int exit_code) {
  console.err << "ragd bench: " << printable_line(error.detail) << "\n";
  return exit_code;
}

}  // namespace

int bench(const BenchOptions& options, const Console& console) {
  const auto url = net::parse_base_url(options.server.url);
  if (!url) return failed(console, fail(url.error().code, "--url: " + url.error().detail), kExitUsage);
  if (options.server.api_key.find_first_of("\r\n") != std::string::npos) {
    return failed(console, fail(Errc::unprocessable, "--api-key: has a line end in it"), kExitUsage);
  }
  if (options.ramp && options.rate > 0 && options.rate < load::RampSearch::kLowestRate) {
    return failed(console, fail(Errc::unprocessable, "--ramp: takes a --rate from 100 on"), kExitUsage);
  }
  const load::RequestSpec spec = spec_of(options, url->authority);
  const auto requests = load::RequestSet::make(spec);
  if (!requests) return failed(console, requests.error(), kExitUsage);
  const auto target = load::Target::reach(*url, options.timeout);
  if (!target) return failed(console, target.error(), kExitFailed);

  const Interruption interruption;
  load::Report report{url->text + spec.path, asked(spec), plan_of(options), {}, nullptr, false};
  load::RampSearch search(options.rate > 0 ? options.rate : kDefaultFirstRate);
  auto tally = [&]() -> Result<load::Tally> {
    LiveLine live(console, options.progress);
    Bench run(report.plan, *target, *requests, live);
    if (options.warm) {
      if (auto warmed = run.warm(); !warmed) return warmed.error();
    }
    return options.ramp ? run.ramp(search) : run.measure();
  }();
  if (!tally) return failed(console, tally.error(), kExitFailed);
  report.tally = std::move(*tally);
  report.interrupted = interrupted;
  if (options.ramp) {
    report.ramp = &search;
    report.plan.rate = search.first();
  }
  const bool written = write_report(report, options.json_file, console);
  if (report.tally.answered() == 0) {
    const bool early = report.interrupted && report.tally.sent() == report.tally.count(load::Outcome::unfinished);
    const std::string why = early ? "interrupted before anything was answered" : url->text + " answered nothing";
    return failed(console, fail(Errc::unavailable, why), kExitFailed);
  }
  return written ? kExitDone : kExitFailed;
}

}  // namespace ragd::cli
