// The search for the highest rate a server holds with p99 under some limits: a state machine that is told what a rate
// measured and says which rate to try next. It knows neither sockets nor time.
//
// The rate doubles until the loosest limit breaks, then each limit is closed in on, to 5 %. A rate that failed is tried
// once more before that is believed: one disturbed second must not decide. At most 60 steps, none below 100/s. What the
// generator's own lateness or the server's rate limit broke is not called the server's speed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ragd::load {

struct RampStep {
  double rate = 0;
  std::optional<double> p99_ms;  ///< nothing where too few succeeded for one
  double answered_per_second = 0;
  double failed_part = 0;   ///< of all requests: errors, refusals, and what found no connection
  double late_p99_ms = 0;   ///< how late the generator itself was
  double limited_part = 0;  ///< of all requests, and of failed_part: refused by the rate limit
  double unsent_part = 0;   ///< likewise: found no connection
};

/// What a rate showed: the server held it; it answered too slowly or fell behind; it failed requests; its rate limit
/// refused them; or the generator was so late itself that nothing can be said of the server.
enum class RampVerdict : std::uint8_t { held, slow, failing, rate_limited, generator };

/// As the report spells them.
[[nodiscard]] std::string_view name_of(RampVerdict verdict);

class RampSearch {
 public:
  static constexpr std::array<double, 3> kLimitsMs{1, 5, 10};
  /// Lower ones are not searched: a step of enough requests would take too long.
  static constexpr double kLowestRate = 100;

  explicit RampSearch(double first_rate) : first_rate_(first_rate) {}

  /// The rate to begin with.
  [[nodiscard]] double first() const { return first_rate_; }
  /// The next rate to try; nothing when the search is done.
  [[nodiscard]] std::optional<double> step(const RampStep& measured);

  [[nodiscard]] const std::vector<RampStep>& steps() const { return steps_; }
  /// The highest rate that held the i-th limit; nothing when none did.
  [[nodiscard]] std::optional<double> result(std::size_t i) const;
  /// Why the i-th limit was held by no higher rate; nothing when it was never broken.
  [[nodiscard]] std::optional<RampVerdict> stop(std::size_t i) const;

  /// `held`: the server kept up with the rate, nearly without failures, and p99 was within the limit.
  [[nodiscard]] static RampVerdict judge(const RampStep& step, double limit_ms);
  /// How long a step must last to have a p99 at all, and at least `wanted`.
  [[nodiscard]] static std::chrono::nanoseconds duration_of_step(double rate, std::chrono::nanoseconds wanted);

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
