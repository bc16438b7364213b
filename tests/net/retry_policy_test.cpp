#include "net/retry_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ragd::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{std::chrono::hours(1)};

FailedAttempt attempt_worth(Repeat repeat, unsigned number = 1) {
  FailedAttempt attempt;
  attempt.number = number;
  attempt.repeatable = true;
  attempt.repeat = repeat;
  attempt.deadline = kNow + seconds(60);
  return attempt;
}

FailedAttempt passing(unsigned number = 1) {
  return attempt_worth(Repeat::often, number);
}

TEST(RetryPolicy, RetriesAFailureThatPasses) {
  RetryPolicy policy({}, 1);
  EXPECT_TRUE(policy.decide(passing(), kNow).has_value());
}

TEST(RetryPolicy, RepeatsNothingThatMightDoHarm) {
  RetryPolicy policy({}, 1);
  FailedAttempt attempt = passing();
  attempt.repeatable = false;
  EXPECT_FALSE(policy.decide(attempt, kNow).has_value());
}

TEST(RetryPolicy, RepeatsNothingThatWouldFailAgain) {
  RetryPolicy policy({}, 1);
  FailedAttempt attempt = passing();
  attempt.repeat = Repeat::never;
  EXPECT_FALSE(policy.decide(attempt, kNow).has_value());
}

TEST(RetryPolicy, GivesUpAfterTheLastAttempt) {
  RetryPolicy policy({.max_attempts = 3}, 1);
  EXPECT_TRUE(policy.decide(passing(2), kNow).has_value());
  EXPECT_FALSE(policy.decide(passing(3), kNow).has_value());
}

TEST(RetryPolicy, RepeatsOnceWhatMayHaveBeenChance) {
  RetryPolicy policy({.max_attempts = 5}, 1);
  EXPECT_TRUE(policy.decide(attempt_worth(Repeat::once, 1), kNow).has_value());
  EXPECT_FALSE(policy.decide(attempt_worth(Repeat::once, 2), kNow).has_value());
  RetryPolicy strict({.max_attempts = 1}, 1);
  EXPECT_FALSE(strict.decide(attempt_worth(Repeat::once, 1), kNow).has_value());
}

TEST(RetryPolicy, StartsNothingThatTheDeadlineWouldEnd) {
  RetryPolicy policy({.first_pause = milliseconds(0)}, 1);
  FailedAttempt attempt = passing();
  attempt.retry_after = seconds(3);
  attempt.deadline = kNow + seconds(3);
  EXPECT_FALSE(policy.decide(attempt, kNow).has_value());
  attempt.deadline += milliseconds(1);
  EXPECT_EQ(policy.decide(attempt, kNow), seconds(3));
  attempt.deadline = kNow - seconds(1);
  attempt.retry_after = milliseconds(0);
  EXPECT_FALSE(policy.decide(attempt, kNow).has_value());
}

TEST(RetryPolicy, WaitsAsLongAsItIsAskedToAndALittleMore) {
  RetryPolicy policy({}, 1);
  FailedAttempt attempt = passing();
  attempt.retry_after = seconds(2);
  const auto pause = policy.decide(attempt, kNow);
  ASSERT_TRUE(pause.has_value());
  EXPECT_GE(*pause, seconds(2));
  EXPECT_LE(*pause, seconds(2) + milliseconds(50));
}

TEST(RetryPolicy, ChargesNothingForWhatItRefuses) {
  RetryPolicy policy({.percent = 0, .reserve = 1}, 1);
  FailedAttempt late = passing();
  late.deadline = kNow;
  EXPECT_FALSE(policy.decide(late, kNow).has_value());
  EXPECT_TRUE(policy.decide(passing(), kNow).has_value());
  EXPECT_FALSE(policy.decide(passing(), kNow).has_value());
}

TEST(RetryPolicyProperty, AddsNoMoreThanATenthAndTheReserve) {
  std::mt19937 random(20260303);
  for (int history = 0; history < 100; ++history) {
    const RetrySettings settings{.max_attempts = 5, .percent = 10, .reserve = random() % 20};
    RetryPolicy policy(settings, random());
    std::size_t requests = 0;
    std::size_t retries = 0;
    const unsigned failing = static_cast<unsigned>(random() % 101);
    for (int i = 0; i < 2000; ++i) {
      policy.note_request();
      ++requests;
      for (unsigned number = 1; random() % 100 < failing; ++number) {
        if (!policy.decide(passing(number), kNow)) break;
        ++retries;
      }
      ASSERT_LE(retries * 100, requests * settings.percent + settings.reserve * 100);
    }
  }
}

TEST(RetryPolicyProperty, PausesAtRandomUpToABoundThatDoubles) {
  const RetrySettings settings{
      .max_attempts = 20, .reserve = 100'000, .first_pause = milliseconds(50), .longest_pause = milliseconds(1500)};
  RetryPolicy policy(settings, 7);
  milliseconds bound{50};
  for (unsigned number = 1; number < 12; ++number) {
    std::vector<milliseconds> pauses;
    for (int i = 0; i < 400; ++i) pauses.push_back(*policy.decide(passing(number), kNow));
    const auto [least, most] = std::minmax_element(pauses.begin(), pauses.end());
    EXPECT_LE(*least, bound / 10) << "from nothing";
    EXPECT_GE(*most, bound * 9 / 10) << "to the bound";
    EXPECT_LE(*most, bound);
    bound = std::min(bound * 2, settings.longest_pause);
  }
}

TEST(RepeatAfter, IsOftenWhereTheRequestWasTurnedAwayUnread) {
  for (const unsigned status : {408U, 429U, 503U}) EXPECT_EQ(repeat_after(status), Repeat::often) << status;
  EXPECT_EQ(repeat_after(fail(Errc::unavailable, "cannot reach http://h: connection refused")), Repeat::often);
}

TEST(RepeatAfter, IsOnceWhereItMayHaveBeenWorkedOn) {
  for (const unsigned status : {500U, 502U, 504U}) EXPECT_EQ(repeat_after(status), Repeat::once) << status;
  EXPECT_EQ(repeat_after(fail(Errc::unavailable, "http://h did not answer in time")), Repeat::once);
}

TEST(RepeatAfter, IsNeverWhereItWouldEndInTheSameWay) {
  for (const unsigned status : {200U, 301U, 400U, 401U, 404U, 413U, 422U, 501U, 505U}) {
    EXPECT_EQ(repeat_after(status), Repeat::never) << status;
  }
  for (const Errc code : {Errc::deadline_exceeded, Errc::canceled, Errc::overloaded, Errc::internal}) {
    EXPECT_EQ(repeat_after(fail(code, "cannot reach http://h: too late")), Repeat::never);
  }
}

TEST(RetryAfter, IsReadInBothItsForms) {
  const WallTime now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after(" 0 ", now), seconds(0));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), seconds(30));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), seconds(0));
  EXPECT_EQ(parse_retry_after("99999999999999999999", now), seconds(365 * 86'400));
}

TEST(RetryAfter, IsNothingWhenItIsNeither) {
  const WallTime now = std::chrono::system_clock::from_time_t(784111777);
  for (const char* value : {"", "soon", "-1", "1.5", "12 s", "Sun, 06 Nov 1994 08:50:07", "1994-11-06T08:50:07Z"}) {
    EXPECT_EQ(parse_retry_after(value, now), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace ragd::net
