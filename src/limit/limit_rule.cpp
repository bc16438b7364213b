#include "limit/limit_rule.hpp"

#include <algorithm>
#include <chrono>

namespace ragd::limit {

LimitRule::LimitRule(const RateLimitSettings& settings)
    : exact_(settings.algorithm != LimitAlgorithm::gcra && settings.requests <= kMaxExactRequests),
      requests_(settings.requests),
      window_(static_cast<Ticks>(std::chrono::nanoseconds(settings.window).count())),
      interval_((window_ + requests_ - 1) / requests_) {}

LimitRule::Verdict LimitRule::judge(Ticks now, Ticks latest, std::optional<Ticks> back) const {
  const Ticks start = std::max(now, latest);  // time never runs backwards for a client
  if (exact_) {
    if (!back || start - *back >= window_) return {.allowed = true, .record = start};
    return {.retry_after = *back + window_ - now};
  }
  // A client may be ahead of the sustained rate by all of its burst but the request at hand.
  const Ticks tolerance = interval_ * (requests_ - 1);
  if (latest <= now + tolerance) return {.allowed = true, .record = start + interval_};
  return {.retry_after = latest - tolerance - now};
}

}  // namespace ragd::limit
