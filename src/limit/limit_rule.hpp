// What a limit's settings come to, in ticks: nanoseconds of the steady clock. No state, no clock, no threads.
//
// `exact` is the sliding log: at most requests() admissions in any window(). `gcra` is virtual scheduling (ITU-T
// I.371): an admission every interval(), the next one early by tolerance() at most.
#pragma once

#include "limit/rate_table.hpp"

#include <ragd/settings.hpp>

#include <cstddef>
#include <cstdint>

namespace ragd::limit {

using Ticks = std::uint64_t;
using Epoch = std::uint64_t;  ///< which of its clients, one after another, a log belongs to

class LimitRule {
 public:
  /// `requests` is at least 1.
  explicit LimitRule(const RateLimitSettings& settings);

  [[nodiscard]] static bool is_exact(const RateLimitSettings& settings) {
    return settings.algorithm != LimitAlgorithm::gcra && settings.requests <= kMaxExactRequests;
  }

  [[nodiscard]] std::uint32_t requests() const { return requests_; }
  [[nodiscard]] Ticks window() const { return window_; }
  /// Between requests at the sustained rate.
  [[nodiscard]] Ticks interval() const { return interval_; }
  /// A client may be ahead of the sustained rate by all of its burst but the request at hand.
  [[nodiscard]] Ticks tolerance() const { return tolerance_; }

 private:
  std::uint32_t requests_;
  Ticks window_;
  Ticks interval_;
  Ticks tolerance_;
};

}  // namespace ragd::limit
