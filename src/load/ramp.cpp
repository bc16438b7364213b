#include "load/ramp.hpp"

#include <algorithm>
#include <cmath>

namespace ragd::load {

namespace {

constexpr double kPrecision = 1.05;
constexpr double kLowestRate = 10;
constexpr double kHighestRate = 10'000'000;
constexpr double kKeptUp = 0.98;
constexpr double kMaxFailedPart = 0.001;
constexpr std::size_t kMaxSteps = 60;

/// Whole rates read better, where the difference is none.
double rounded(double rate) {
  return rate >= 100 ? std::round(rate) : rate;
}

}  // namespace

bool RampSearch::holds(const RampStep& step, double limit_ms) {
  return step.p99_ms <= limit_ms && step.answered_per_second >= kKeptUp * step.rate &&
         step.failed_part <= kMaxFailedPart;
}

RampSearch::Bracket RampSearch::bracket(double limit_ms) const {
  Bracket found;
  for (const RampStep& step : steps_) {
    if (holds(step, limit_ms)) found.low = std::max(found.low, step.rate);
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

}  // namespace ragd::load
