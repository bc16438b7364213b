// What a limit allows, as arithmetic over times: the sliding log (exact) and the virtual scheduling algorithm (gcra,
// ITU-T I.371). No state, no clock, no threads.
//
// A client's log is a row of ascending records. Under `exact` a record is the time of an admission; under `gcra` it is
// the theoretical arrival time after one, of which only the latest matters. Times are nanoseconds of the steady clock.
#pragma once

#include "limit/rate_table.hpp"

#include <ragd/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ragd::limit {

using Ticks = std::uint64_t;

class LimitRule {
 public:
  /// `requests` is at least 1.
  explicit LimitRule(const RateLimitSettings& settings);

  struct Verdict {
    bool allowed = false;
    Ticks record = 0;       ///< allowed: what to append to the log
    Ticks retry_after = 0;  ///< refused: when to come again
  };
  /// `latest` is the newest record (0: none), `back` the one lookback() admissions ago, if there were as many.
  [[nodiscard]] Verdict judge(Ticks now, Ticks latest, std::optional<Ticks> back) const;
  /// The record of a client's first admission.
  [[nodiscard]] Ticks first_record(Ticks now) const { return judge(now, 0, std::nullopt).record; }

  /// A client with this newest record is as good as one never seen.
  [[nodiscard]] bool forgotten(Ticks latest, Ticks now) const { return reset_at(latest) <= now; }
  /// When the whole quota is back.
  [[nodiscard]] Ticks reset_at(Ticks latest) const { return exact_ ? latest + window_ : latest; }

  [[nodiscard]] bool exact() const { return exact_; }
  [[nodiscard]] std::uint32_t requests() const { return requests_; }
  [[nodiscard]] Ticks window() const { return window_; }
  [[nodiscard]] Ticks interval() const { return interval_; }
  /// How many admissions ago judge() looks.
  [[nodiscard]] std::size_t lookback() const { return exact_ ? requests_ : 1; }
  /// Records to keep. Never one alone: the newest must survive while the next is being written.
  [[nodiscard]] std::size_t log_size() const { return exact_ && requests_ > 2 ? requests_ : 2; }

 private:
  bool exact_;
  std::uint32_t requests_;
  Ticks window_;
  Ticks interval_;  // between requests at the sustained rate
};

}  // namespace ragd::limit
