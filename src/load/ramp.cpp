#include "load/ramp.hpp"

#include <algorithm>
#include <cmath>

namespace ragd::load {

namespace {

constexpr double kPrecision = 1.05;
constexpr double kHighestRate = 10'000'000;
constexpr double kKeptUp = 0.98;
constexpr double kMaxFailedPart = 0.001;
constexpr double kRequestsAStep = 1'002;  // so that 1,000 are left for a p99 where one in a thousand fails
constexpr std::size_t kMaxSteps = 60;

/// Whole rates read better, where the difference is none.
double rounded(double rate) {
  return rate >= 100 ? std::round(rate) : rate;
}

}  // namespace

std::string_view name_of(RampVerdict verdict) {
  constexpr std::array<std::string_view, 5> kNames{"held", "slow", "failing", "rate_limited", "generator"};
  return kNames[static_cast<std::size_t>(verdict)];
}

RampVerdict RampSearch::judge(const RampStep& step, double limit_ms) {
  using enum RampVerdict;
  if (step.failed_part - step.limited_part - step.unsent_part > kMaxFailedPart) return failing;
  if (step.limited_part > kMaxFailedPart) return rate_limited;
  const bool in_time = step.p99_ms && *step.p99_ms <= limit_ms;
  const bool kept_up = step.unsent_part <= kMaxFailedPart && step.answered_per_second >= kKeptUp * step.rate;
  if (in_time && kept_up) return held;
  // Latencies count from when a request was due: what we were late by is in them.
  const bool in_time_but_for_us = step.p99_ms && *step.p99_ms - step.late_p99_ms <= limit_ms;
  return !in_time && in_time_but_for_us ? generator : slow;
}

std::chrono::nanoseconds RampSearch::duration_of_step(double rate, std::chrono::nanoseconds wanted) {
  const std::chrono::nanoseconds least(std::llround(1e9 * kRequestsAStep / rate));
  return std::max(wanted, least);
}

RampSearch::Bracket RampSearch::bracket(double limit_ms) const {
  Bracket found;
  for (const RampStep& step : steps_) {
    if (judge(step, limit_ms) == RampVerdict::held) found.low = std::max(found.low, step.rate);
  }
  for (const RampStep& step : steps_) {
    if (step.rate > found.low && (found.high == 0 || step.rate < found.high)) found.high = step.rate;
  }
  return found;
}

std::optional<double> RampSearch::step(const RampStep& measured) {
  steps_.push_back(measured);
  for (std::size_t i = kLimitsMs.size(); i-- > 0 && steps_.size() < kMaxSteps;) {
    const Bracket limits = bracket(kLimitsMs[i]);
    const auto is_high = [&limits](const RampStep& step) { return step.rate == limits.high; };
    if (std::count_if(steps_.begin(), steps_.end(), is_high) == 1) return limits.high;
    if (limits.high == 0) {
      if (limits.low < kHighestRate) return std::min(2 * limits.low, kHighestRate);
    } else if (limits.low == 0) {
      if (limits.high > kLowestRate) return std::max(rounded(limits.high / 2), kLowestRate);
    } else if (limits.high > kPrecision * limits.low) {
      return rounded(std::sqrt(limits.low * limits.high));
    }
  }
  return std::nullopt;
}

std::optional<double> RampSearch::result(std::size_t i) const {
  const double low = bracket(kLimitsMs.at(i)).low;
  return low == 0 ? std::nullopt : std::optional(low);
}

std::optional<RampVerdict> RampSearch::stop(std::size_t i) const {
  const double limit_ms = kLimitsMs.at(i);
  const double high = bracket(limit_ms).high;
  std::optional<RampVerdict> last;
  for (const RampStep& step : steps_) {
    if (high > 0 && step.rate == high) last = judge(step, limit_ms);
  }
  return last;
}

}  // namespace ragd::load
