#include "net/retry_policy.hpp"

#include "base/ascii.hpp"
#include "net/upstream_message.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace ragd::net {

using std::chrono::milliseconds;

Repeat repeat_after(unsigned status) {
  constexpr unsigned kRequestTimeout = 408;
  constexpr unsigned kTooManyRequests = 429;
  constexpr unsigned kInternalError = 500;
  constexpr unsigned kBadGateway = 502;
  constexpr unsigned kUnavailable = 503;
  constexpr unsigned kGatewayTimeout = 504;
  switch (status) {
    case kRequestTimeout:
    case kTooManyRequests:
    case kUnavailable:
      return Repeat::often;
    case kInternalError:
    case kBadGateway:
    case kGatewayTimeout:
      return Repeat::once;
    default:
      return Repeat::never;
  }
}

Repeat repeat_after(const Error& error) {
  if (error.code != Errc::unavailable) return Repeat::never;
  return error.detail.starts_with(kCannotReach) ? Repeat::often : Repeat::once;
}

std::optional<milliseconds> parse_retry_after(std::string_view value, WallTime now) {
  constexpr std::uint32_t kLongest = 365U * 24U * 3600U;
  value = base::trim_blanks(value);
  if (!value.empty() && std::all_of(value.begin(), value.end(), base::is_digit)) {
    std::uint32_t seconds = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc{}) seconds = kLongest;
    return std::chrono::seconds(std::min(seconds, kLongest));
  }
  std::tm utc{};
  const std::string date(value);  // the one form servers may send (RFC 9110, 5.6.7)
  const char* const end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const WallTime then = std::chrono::system_clock::from_time_t(::timegm(&utc));
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(then - now));
}

RetryPolicy::RetryPolicy(const RetrySettings& settings, std::uint64_t seed)
    : settings_(settings),
      random_(static_cast<std::minstd_rand::result_type>(seed)),
      balance_(settings.reserve * kPrice) {}

void RetryPolicy::note_request() {
  balance_ = std::min(balance_ + settings_.percent, settings_.reserve * kPrice);
}

std::optional<milliseconds> RetryPolicy::decide(const FailedAttempt& attempt, SteadyTime now) {
  if (!attempt.repeatable || attempt.repeat == Repeat::never || balance_ < kPrice) return std::nullopt;
  const unsigned most = attempt.repeat == Repeat::once ? 2 : settings_.max_attempts;
  if (attempt.number >= std::min(most, settings_.max_attempts)) return std::nullopt;
  const milliseconds pause = attempt.retry_after + pause_before(attempt.number);
  if (pause >= attempt.deadline - now) return std::nullopt;
  balance_ -= kPrice;
  return pause;
}

milliseconds RetryPolicy::pause_before(unsigned attempt) {
  milliseconds bound = settings_.first_pause;
  for (unsigned i = 1; i < attempt && bound < settings_.longest_pause; ++i) bound *= 2;
  bound = std::min(bound, settings_.longest_pause);
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(0, bound.count())(random_));
}

}  // namespace ragd::net
