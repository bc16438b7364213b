#include "load/report.hpp"

#include "base/json.hpp"
#include "base/version.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ragd::load {

namespace {

constexpr std::array<std::pair<std::string_view, double>, 5> kQuantiles{
    {{"p50", 0.50}, {"p90", 0.90}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}}};

double ms(Nanos time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::optional<double> sampled_ms(const LatencyHistogram& histogram, double q) {
  const auto time = histogram.sampled_quantile(q);
  return time ? std::optional(ms(*time)) : std::nullopt;
}

/// "-" says: of too few.
std::string shown(std::optional<double> milliseconds) {
  return milliseconds ? fmt::format("{:.3f}", *milliseconds) : "-";
}

double seconds(Nanos time) {
  return std::chrono::duration<double>(time).count();
}

std::string_view mode_of(const Plan& plan) {
  if (plan.burst) return "burst";
  return plan.rate > 0 ? "open" : "closed";
}

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::string grouped(double value) {
  return grouped(static_cast<std::uint64_t>(std::llround(value)));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string title(const Report& report) {
  const Plan& plan = report.plan;
  std::string text = report.url + ", " + report.asked + ": ";
  if (report.ramp != nullptr) {
    text += "ramp of " + std::to_string(report.ramp->steps().size()) + " steps";
  } else if (plan.burst) {
    text += "all at once";
  } else {
    text += plan.rate > 0 ? "open loop, " + grouped(plan.rate) + "/s" : "closed loop";
  }
  text += ", " + grouped(std::uint64_t{plan.connections}) + " connections";
  if (plan.threads > 1) text += fmt::format(", {} threads", plan.threads);
  text += fmt::format(", {:.2f} s", seconds(report.tally.window));
  return text + (report.interrupted ? " (interrupted)\n" : "\n");
}

std::string count_row(std::string_view name, std::uint64_t count, const std::string& remark) {
  return fmt::format("  {:<18} {:>14}  {}\n", name, grouped(count), remark);
}

std::string outcomes_table(const Tally& tally) {
  const auto part = [&tally](std::uint64_t count) { return fmt::format("{:>9}", percent(count, tally.sent())); };
  std::string text = count_row("answered", tally.answered(),
                               part(tally.answered()) + "   " + grouped(tally.answers_per_second) + "/s");
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const std::uint64_t count = tally.count(outcome);
    if (count > 0 || outcome == Outcome::success) text += count_row(name_of(outcome), count, part(count));
  }
  if (tally.unsent > 0) text += count_row("unsent", tally.unsent, "due, but never asked");
  return text;
}

std::string latency_table(const Tally& tally) {
  const LatencyHistogram& latency = tally.latency;
  if (latency.count() == 0) return {};
  std::string names = fmt::format("  {:<10}{:>9}{:>9}", "latency", "min", "mean");
  std::string values = fmt::format("  {:<10}{:9.3f}{:9.3f}", "ms", ms(latency.min()), latency.mean_ns() / 1e6);
  for (const auto& [name, q] : kQuantiles) {
    names += fmt::format("{:>9}", name == "p999" ? "p99.9" : name);
    values += fmt::format("{:>9}", shown(sampled_ms(latency, q)));
  }
  std::string text = names + fmt::format("{:>9}\n", "max") + values + fmt::format("{:9.3f}\n", ms(latency.max()));
  if (const auto missing = tally.waited_in_vain(); missing > 0) {
    text += "            lower bounds: " + grouped(missing) + " requests that waited in vain are not among them\n";
  }
  return text;
}

std::string cache_line(const Tally& tally) {
  const auto rate = tally.hit_rate();
  if (!rate) return {};
  std::string text = fmt::format("  cache     {:.2f} % hits:", 100 * *rate);
  for (std::size_t i = 0; i < kCacheUses; ++i) {
    const auto use = static_cast<CacheUse>(i);
    if (tally.count(use) == 0) continue;
    text += " " + std::string(name_of(use)) + " " + grouped(tally.count(use)) + ",";
  }
  text.back() = '\n';
  return text;
}

std::string generator_line(const Report& report) {
  std::string text = fmt::format("  generator {:.2f} s CPU", seconds(report.tally.cpu));
  if (report.tally.late.count() > 0) {
    const LatencyHistogram& late = report.tally.late;
    text += fmt::format(", itself late by p50 {}, p99 {}, max {:.3f} ms", shown(sampled_ms(late, 0.5)),
                        shown(sampled_ms(late, 0.99)), ms(late.max()));
  }
  return text + '\n';
}

std::string_view explained(RampVerdict stop) {
  switch (stop) {
    case RampVerdict::generator:
      return "; above it the generator itself was too late: a limit of its own, not of the server";
    case RampVerdict::rate_limited:
      return "; above it the server's rate limit refused requests";
    case RampVerdict::failing:
      return "; above it requests failed";
    case RampVerdict::held:
    case RampVerdict::slow:
      break;
  }
  return {};
}

std::string ramp_table(const RampSearch& ramp) {
  std::string text =
      fmt::format("\n  {:>12}{:>12}{:>12}{:>12}{:>12}\n", "rate/s", "answers/s", "p99 ms", "failed", "late ms");
  for (const RampStep& step : ramp.steps()) {
    text +=
        fmt::format("  {:>12}{:>12}{:>12}{:10.2f} %{:12.3f}\n", grouped(step.rate), grouped(step.answered_per_second),
                    shown(step.p99_ms), 100 * step.failed_part, step.late_p99_ms);
  }
  for (std::size_t i = 0; i < RampSearch::kLimitsMs.size(); ++i) {
    const auto rate = ramp.result(i);
    const auto stop = ramp.stop(i);
    text += fmt::format("  p99 within {:2.0f} ms: {}{}\n", RampSearch::kLimitsMs[i],
                        rate ? (grouped(*rate) + "/s") : "at no rate", stop ? explained(*stop) : "");
  }
  return text;
}

void write_or_null(base::JsonWriter& json, std::optional<double> value) {
  if (value) {
    json.number(*value);
  } else {
    json.null();
  }
}

void write_quantiles(base::JsonWriter& json, const Tally& tally) {
  const LatencyHistogram& histogram = tally.latency;
  json.key("latency_ms").begin_object();
  json.key("min").number(ms(histogram.min())).key("mean").number(histogram.mean_ns() / 1e6);
  for (const auto& [name, q] : kQuantiles) write_or_null(json.key(name), sampled_ms(histogram, q));
  json.key("max").number(ms(histogram.max())).end_object();
  json.key("latency_is_lower_bound").boolean(tally.waited_in_vain() > 0);
  json.key("histogram").begin_array();
  histogram.each_bucket(
      [&json](Nanos upper, std::uint64_t count) { json.begin_array().number(ms(upper)).integer(count).end_array(); });
  json.end_array();
}

void write_counts(base::JsonWriter& json, const Tally& tally) {
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < kOutcomes; ++i) json.key(name_of(static_cast<Outcome>(i))).integer(tally.outcomes[i]);
  json.end_object().key("statuses").begin_object();
  for (std::size_t i = 0; i < Tally::kStatuses; ++i) {
    if (tally.statuses[i] != 0) json.key(std::to_string(i)).integer(tally.statuses[i]);
  }
  json.end_object().key("cache").begin_object();
  for (std::size_t i = 0; i < kCacheUses; ++i) json.key(name_of(static_cast<CacheUse>(i))).integer(tally.cache[i]);
  json.end_object();
  write_or_null(json.key("hit_rate"), tally.hit_rate());
}

void write_lateness(base::JsonWriter& json, const LatencyHistogram& late) {
  json.key("late_ms").begin_object();
  write_or_null(json.key("p50"), sampled_ms(late, 0.5));
  write_or_null(json.key("p99"), sampled_ms(late, 0.99));
  json.key("max").number(ms(late.max())).end_object();
}

void write_ramp(base::JsonWriter& json, const RampSearch& ramp) {
  json.key("ramp").begin_array();
  for (const RampStep& step : ramp.steps()) {
    const RampVerdict verdict = RampSearch::judge(step, RampSearch::kLimitsMs.back());
    write_or_null(json.begin_object().key("rate").number(step.rate).key("p99_ms"), step.p99_ms);
    json.key("answered_per_second").number(step.answered_per_second).key("failed_part").number(step.failed_part);
    json.key("limited_part").number(step.limited_part).key("late_p99_ms").number(step.late_p99_ms);
    json.key("held").boolean(verdict == RampVerdict::held).key("verdict").string(name_of(verdict)).end_object();
  }
  json.end_array().key("ramp_result").begin_object();
  for (std::size_t i = 0; i < RampSearch::kLimitsMs.size(); ++i) {
    write_or_null(json.key(fmt::format("{:.0f}ms", RampSearch::kLimitsMs[i])), ramp.result(i));
  }
  json.end_object().key("ramp_stop").begin_object();
  for (std::size_t i = 0; i < RampSearch::kLimitsMs.size(); ++i) {
    const auto stop = ramp.stop(i);
    json.key(fmt::format("{:.0f}ms", RampSearch::kLimitsMs[i]));
    if (stop) {
      json.string(name_of(*stop));
    } else {
      json.null();
    }
  }
  json.end_object();
}

}  // namespace

std::string table(const Report& report) {
  std::string text = title(report) + outcomes_table(report.tally) + latency_table(report.tally) +
                     cache_line(report.tally) + generator_line(report);
  if (report.ramp != nullptr) text += ramp_table(*report.ramp);
  return text;
}

std::string json(const Report& report) {
  const Plan& plan = report.plan;
  const Tally& tally = report.tally;
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().key("tool").string("ragd bench").key("version").string(base::version());
  json.key("url").string(report.url).key("asked").string(report.asked);
  json.key("mode").string(mode_of(plan)).key("rate");
  write_or_null(json, plan.rate > 0 ? std::optional(plan.rate) : std::nullopt);
  json.key("connections").integer(plan.connections).key("threads").integer(plan.threads);
  json.key("duration_s").number(seconds(tally.window)).key("interrupted").boolean(report.interrupted);
  json.key("sent").integer(tally.sent()).key("answered").integer(tally.answered());
  json.key("unsent").integer(tally.unsent).key("requests_per_second").number(tally.answers_per_second);
  write_quantiles(json, tally);
  write_counts(json, tally);
  if (plan.rate > 0) write_lateness(json, tally.late);
  json.key("cpu_s").number(seconds(tally.cpu));
  if (report.ramp != nullptr) write_ramp(json, *report.ramp);
  json.end_object();
  return text + '\n';
}

std::string warming_failure(const Tally& tally, std::uint64_t wanted) {
  std::string text = "warmed " + grouped(tally.count(Outcome::success)) + " of " + grouped(wanted) + ":";
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (outcome == Outcome::success || tally.count(outcome) == 0) continue;
    text += " " + grouped(tally.count(outcome)) + " " + std::string(name_of(outcome)) + ",";
  }
  if (tally.sent() < wanted) text += " " + grouped(wanted - tally.sent()) + " not asked in time,";
  text.pop_back();
  return text;
}

std::string live_line(const Tally& since_last, std::chrono::seconds elapsed) {
  std::string text = fmt::format("{:4} s ", elapsed.count());
  if (since_last.window <= Nanos(0)) return text + " warming up";
  const LatencyHistogram& latency = since_last.latency;
  const double rate = static_cast<double>(since_last.answered()) / seconds(since_last.window);
  text += fmt::format("{:>10}/s   p50 {}  p95 {}  p99 {} ms", grouped(rate), shown(sampled_ms(latency, 0.5)),
                      shown(sampled_ms(latency, 0.95)), shown(sampled_ms(latency, 0.99)));
  if (const auto hits = since_last.hit_rate()) text += fmt::format("   hits {:.1f} %", 100 * *hits);
  if (const auto limited = since_last.count(Outcome::rate_limited); limited > 0) {
    text += "   limited " + grouped(limited);
  }
  if (since_last.errors() > 0) text += "   errors " + grouped(since_last.errors());
  return text;
}

}  // namespace ragd::load
