// When a request to another server is worth sending again, and after what pause.
//
// Only what may arrive twice; often where the server was not reached or turned the request away unread, once where the
// failure may be chance or the request's own fault; at most a tenth more requests than without (and a small reserve, so
// that a quiet hour's first failure is retried); only while there is time. The pause is random between nothing and a
// bound that doubles ("full jitter"), on top of what Retry-After asks for.
// A plain state machine without I/O or a clock of its own, for one core.
#pragma once

#include <ragd/clock.hpp>
#include <ragd/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace ragd::net {

struct RetrySettings {
  unsigned max_attempts = 3;  ///< the first one included
  std::size_t percent = 10;   ///< retries per hundred requests
  std::size_t reserve = 10;   ///< retries that need no requests before them; also the most that are saved up
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{2'000};
};

/// How often it is worth trying again.
enum class Repeat : std::uint8_t {
  never,  ///< it would end in the same way
  once,   ///< after the first attempt only
  often
};

/// How an attempt ended that did not succeed.
struct FailedAttempt {
  unsigned number = 1;      ///< the first is 1
  bool repeatable = false;  ///< arriving twice does no harm
  Repeat repeat = Repeat::never;
  std::chrono::milliseconds retry_after{0};
  SteadyTime deadline;  ///< there is no use in an answer after it
};

/// By the answer's status. 500 is not worth more than one: some servers say so of requests that never will succeed.
[[nodiscard]] Repeat repeat_after(unsigned status);
/// Where there is no answer.
[[nodiscard]] Repeat repeat_after(const Error& error);

/// Retry-After's value in either form: seconds, or a date. Nothing when it is neither; a date that has passed is zero.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, WallTime now);

class RetryPolicy {
 public:
  RetryPolicy(const RetrySettings& settings, std::uint64_t seed);

  /// A request that is no retry goes out: it earns a part of one.
  void note_request();

  /// The pause before the next attempt, which is paid for; nothing: let it be.
  [[nodiscard]] std::optional<std::chrono::milliseconds> decide(const FailedAttempt& attempt, SteadyTime now);

 private:
  static constexpr std::size_t kPrice = 100;  // of a retry; a request earns `percent`

  [[nodiscard]] std::chrono::milliseconds pause_before(unsigned attempt);

  const RetrySettings settings_;
  std::minstd_rand random_;
  std::size_t balance_;
};

}  // namespace ragd::net
