#include "limit/limit_rule.hpp"

#include <algorithm>
#include <chrono>

namespace ragd::limit {

LimitRule::LimitRule(const RateLimitSettings& settings)
    : requests_(settings.requests),
      window_(static_cast<Ticks>(std::chrono::nanoseconds(settings.window).count())),
      interval_(std::max<Ticks>((window_ + requests_ - 1) / requests_, 1)),
      tolerance_(interval_ * (requests_ - 1)) {}

}  // namespace ragd::limit
