// The search for the highest rate a server holds with p99 under some limits: a state machine that is told what a rate
// measured and says which rate to try next. It knows neither sockets nor time.
//
// The rate doubles until the loosest limit breaks, then each limit is closed in on, to 5 %. A rate that failed is tried
// once more before that is believed: one disturbed second must not decide. At most 60 steps.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace ragd::load {

struct RampStep {
  double rate = 0;
  double p99_ms = 0;
  double answered_per_second = 0;
  double failed_part = 0;  ///< of all requests: errors, refusals, and what found no connection
  double late_p99_ms = 0;  ///< how late the generator was, for whoever wonders about a step; it decides nothing
};

class RampSearch {
 public:
  static constexpr std::array<double, 3> kLimitsMs{1, 5, 10};

  explicit RampSearch(double first_rate) : first_rate_(first_rate) {}

  /// The rate to begin with.
  [[nodiscard]] double first() const { return first_rate_; }
  /// The next rate to try; nothing when the search is done.
  [[nodiscard]] std::optional<double> step(const RampStep& measured);

  [[nodiscard]] const std::vector<RampStep>& steps() const { return steps_; }
  /// The highest rate that held the i-th limit; nothing when none did.
  [[nodiscard]] std::optional<double> result(std::size_t i) const;
  /// The server kept up with the rate, nearly without failures, and p99 was within the limit.
  [[nodiscard]] static bool holds(const RampStep& step, double limit_ms);

 private:
  /// The highest rate that held the limit and the lowest above it that did not, zero where there is none.
  struct Bracket {
    double low = 0;
    double high = 0;
  };
  [[nodiscard]] Bracket bracket(double limit_ms) const;

  double first_rate_;
  std::vector<RampStep> steps_;
};

}  // namespace ragd::load
