#include "load/dispatcher.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

namespace ragd::load {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

Pace open_loop(double rate, Nanos duration) {
  Pace pace;
  pace.rate = rate;
  pace.duration = duration;
  pace.grace = 10s;
  return pace;
}

Pace closed_loop(Nanos duration) {
  Pace pace;
  pace.duration = duration;
  return pace;
}

Dispatcher with_free_connections(const Pace& pace, std::size_t count) {
  Dispatcher dispatcher(pace, count, kStart);
  for (std::size_t i = 0; i < count; ++i) dispatcher.freed(i, kStart);
  return dispatcher;
}

/// A server in a world where time is a number: it answers each request a fixed time after it was asked, but nothing
/// between `stall_begin` and `stall_end`.
struct SimulatedServer {
  Nanos service{500us};
  TimePoint stall_begin = TimePoint::max();
  TimePoint stall_end = TimePoint::max();

  [[nodiscard]] TimePoint answer_to(TimePoint asked) const {
    const TimePoint ready = asked + service;
    return ready >= stall_begin && ready < stall_end ? stall_end : ready;
  }
};

struct Simulation {
  LatencyHistogram latency;
  LatencyHistogram late;
  std::size_t above_100ms = 0;
  std::uint64_t unsent = 0;
};

/// The worker's loop with simulated time, at steps of 10 us.
Simulation simulate(const Pace& pace, std::size_t connections, const SimulatedServer& server) {
  struct Asked {
    TimePoint since;
    TimePoint answer;
  };
  Simulation seen;
  Dispatcher dispatcher = with_free_connections(pace, connections);
  std::vector<std::optional<Asked>> asked(connections);
  std::size_t busy = 0;
  for (TimePoint now = kStart; busy > 0 || !dispatcher.exhausted(now); now += 10us) {
    for (std::size_t i = 0; i < connections; ++i) {
      if (!asked[i] || asked[i]->answer > now) continue;
      seen.latency.record(now - asked[i]->since);
      if (now - asked[i]->since > 100ms) ++seen.above_100ms;
      asked[i].reset();
      --busy;
      dispatcher.freed(i, now);
    }
    while (const auto offer = dispatcher.next(now)) {
      asked[offer->connection] = Asked{offer->since, server.answer_to(now)};
      if (offer->lateness) seen.late.record(*offer->lateness);
      ++busy;
    }
  }
  seen.unsent = dispatcher.unsent();
  return seen;
}

TEST(OpenLoop, ShowsAStallInEveryRequestItKeptWaiting) {
  const SimulatedServer server{500us, kStart + 500ms, kStart + 700ms};
  const Simulation seen = simulate(open_loop(1000, 1s), 64, server);
  EXPECT_EQ(seen.latency.count(), 1000U);
  // 200 requests came due while nothing was answered; those of the first half waited for longer than 100 ms.
  EXPECT_NEAR(static_cast<double>(seen.above_100ms), 100, 3);
  EXPECT_GE(seen.latency.quantile(0.99), 180ms);
  EXPECT_NEAR(static_cast<double>(seen.latency.max().count()), 200e6, 2e6);
  EXPECT_LE(seen.late.max(), 10us) << "the server was late, not the generator";
}

TEST(ClosedLoop, SeesTheSameStallOnceAConnection) {
  const SimulatedServer server{500us, kStart + 500ms, kStart + 700ms};
  EXPECT_EQ(simulate(closed_loop(1s), 64, server).above_100ms, 64U);
}

TEST(OpenLoop, LetsLatencyGrowWhereTheServerIsSlowerThanTheRate) {
  const Simulation seen = simulate(open_loop(1000, 1s), 1, {.service = 2ms});
  EXPECT_EQ(seen.latency.count(), 1000U);
  EXPECT_GE(seen.latency.max(), 999ms) << "the last of a thousand waited for half of them";
}

TEST(OpenLoop, CountsWhatItCouldNotAskWithinTheGrace) {
  Pace pace = open_loop(1000, 1s);
  pace.grace = 0ns;
  const Simulation seen = simulate(pace, 1, {.service = 10ms});
  EXPECT_NEAR(static_cast<double>(seen.latency.count()), 100, 2);
  EXPECT_EQ(seen.latency.count() + seen.unsent, 1000U);
}

TEST(OpenLoop, AsksNothingBeforeItIsDue) {
  Dispatcher dispatcher = with_free_connections(open_loop(1000, 1s), 2);
  EXPECT_TRUE(dispatcher.next(kStart));
  EXPECT_FALSE(dispatcher.next(kStart + 999us));
  EXPECT_EQ(dispatcher.next_due(), kStart + 1ms);
  EXPECT_TRUE(dispatcher.next(kStart + 1ms));
}

TEST(OpenLoop, BlamesItselfOnlyForTheTimeAConnectionWasFree) {
  Dispatcher dispatcher = with_free_connections(open_loop(1000, 1s), 1);
  EXPECT_EQ(dispatcher.next(kStart + 3us)->lateness, Nanos(3us));
  dispatcher.freed(0, kStart + 5ms);  // the next one was due at 1 ms
  const auto offer = dispatcher.next(kStart + 5ms + 7us);
  EXPECT_EQ(offer->lateness, Nanos(7us));
  EXPECT_EQ(offer->since, kStart + 1ms);
}

TEST(OpenLoop, HasNothingDueWithoutAFreeConnection) {
  Dispatcher dispatcher(open_loop(1000, 1s), 1, kStart);
  EXPECT_FALSE(dispatcher.next(kStart + 1s));
  EXPECT_EQ(dispatcher.next_due(), TimePoint::max());
  EXPECT_EQ(dispatcher.take(kStart + 1s), kStart) << "for the caller to count as failed";
}

TEST(Dispatcher, LetsConnectionsTakeTurns) {
  Dispatcher dispatcher = with_free_connections(closed_loop(1s), 3);
  EXPECT_EQ(dispatcher.next(kStart)->connection, 0U);
  dispatcher.freed(0, kStart + 1us);
  EXPECT_EQ(dispatcher.next(kStart + 1us)->connection, 1U);
  EXPECT_EQ(dispatcher.next(kStart + 1us)->connection, 2U);
  EXPECT_EQ(dispatcher.next(kStart + 1us)->connection, 0U);
  EXPECT_FALSE(dispatcher.next(kStart + 1us));
}

TEST(Dispatcher, OffersNoConnectionThatWentAway) {
  Dispatcher dispatcher = with_free_connections(closed_loop(1s), 3);
  dispatcher.lost(1);
  EXPECT_EQ(dispatcher.next(kStart)->connection, 0U);
  EXPECT_EQ(dispatcher.next(kStart)->connection, 2U);
  EXPECT_FALSE(dispatcher.next(kStart));
}

TEST(Dispatcher, EndsAfterSoManyRequestsOrThatTime) {
  Pace pace = closed_loop(1s);
  pace.requests = 2;
  Dispatcher bounded = with_free_connections(pace, 3);
  EXPECT_TRUE(bounded.next(kStart));
  EXPECT_TRUE(bounded.next(kStart));
  EXPECT_TRUE(bounded.exhausted(kStart));
  EXPECT_FALSE(bounded.next(kStart));
  Dispatcher timed = with_free_connections(closed_loop(1s), 1);
  EXPECT_FALSE(timed.exhausted(kStart + 999ms));
  EXPECT_FALSE(timed.next(kStart + 1s));
}

TEST(Dispatcher, CountsNothingOfTheWarmup) {
  Pace pace = closed_loop(1s);
  pace.warmup = 500ms;
  pace.requests = 1;
  Dispatcher dispatcher = with_free_connections(pace, 3);
  EXPECT_FALSE(dispatcher.counts(dispatcher.next(kStart + 499ms)->since));
  EXPECT_FALSE(dispatcher.exhausted(kStart + 499ms));
  EXPECT_TRUE(dispatcher.counts(dispatcher.next(kStart + 500ms)->since));
  EXPECT_TRUE(dispatcher.exhausted(kStart + 500ms));
  EXPECT_EQ(dispatcher.end(), kStart + 1500ms);
}

TEST(Dispatcher, AsksABurstOnceAConnectionAndTimesItFromTheStart) {
  Pace pace;
  pace.burst = true;
  pace.duration = 10s;
  Dispatcher dispatcher(pace, 2, kStart);
  dispatcher.freed(1, kStart + 3ms);
  EXPECT_EQ(dispatcher.next(kStart + 3ms)->since, kStart);
  EXPECT_FALSE(dispatcher.exhausted(kStart + 3ms));
  EXPECT_TRUE(dispatcher.take(kStart + 4ms)) << "connection 0 could not be made: its request failed";
  EXPECT_TRUE(dispatcher.exhausted(kStart + 4ms));
}

TEST(Dispatcher, MeasuresTillTheEndThoughTheLastRequestIsDueBefore) {
  Pace pace = open_loop(10, 1s);
  Dispatcher dispatcher = with_free_connections(pace, 10);
  while (dispatcher.next(kStart + 900ms)) {
  }
  EXPECT_TRUE(dispatcher.exhausted(kStart + 901ms));
  EXPECT_EQ(dispatcher.measured_until(kStart + 901ms), kStart + 1s);
  pace.requests = 1;
  Dispatcher bounded = with_free_connections(pace, 10);
  EXPECT_TRUE(bounded.next(kStart));
  EXPECT_EQ(bounded.measured_until(kStart + 3ms), kStart + 3ms);
}

TEST(Dispatcher, OffersNothingOnceStopped) {
  Dispatcher dispatcher = with_free_connections(open_loop(1000, 1s), 2);
  dispatcher.stop(kStart + 100ms);
  EXPECT_FALSE(dispatcher.next(kStart + 100ms));
  EXPECT_EQ(dispatcher.end(), kStart + 100ms);
}

TEST(StoppedOpenLoop, HasNotSentWhatWasDueAndFoundNoConnection) {
  Dispatcher dispatcher = with_free_connections(open_loop(1000, 1s), 2);
  EXPECT_TRUE(dispatcher.next(kStart));
  EXPECT_TRUE(dispatcher.next(kStart + 1ms));
  dispatcher.stop(kStart + 500ms);
  EXPECT_EQ(dispatcher.unsent(), 498U) << "of 500 that were due";
}

TEST(StoppedOpenLoop, HasNotSentAllThatWasDueWhereItEndsInTheGrace) {
  Dispatcher dispatcher = with_free_connections(open_loop(1000, 1s), 2);
  EXPECT_TRUE(dispatcher.next(kStart));
  dispatcher.stop(kStart + 3s);
  EXPECT_EQ(dispatcher.unsent(), 999U);
}

TEST(StoppedOpenLoop, CountsNothingThatWasDueInTheWarmup) {
  Pace pace = open_loop(1000, 1s);
  pace.warmup = 400ms;
  Dispatcher early = with_free_connections(pace, 1);
  EXPECT_TRUE(early.next(kStart));
  early.stop(kStart + 300ms);
  EXPECT_EQ(early.unsent(), 0U);
  Dispatcher later = with_free_connections(pace, 1);
  EXPECT_TRUE(later.next(kStart));
  later.stop(kStart + 500ms);
  EXPECT_EQ(later.unsent(), 100U);
}

TEST(StoppedOpenLoop, OwesNoMoreThanTheRequestsItWasToAsk) {
  Pace pace = open_loop(1000, 1s);
  pace.requests = 50;
  Dispatcher dispatcher = with_free_connections(pace, 1);
  EXPECT_TRUE(dispatcher.next(kStart));
  dispatcher.stop(kStart + 500ms);
  EXPECT_EQ(dispatcher.unsent(), 49U);
}

TEST(StoppedBurst, HasNotSentWhatNeverGotItsConnection) {
  Pace pace;
  pace.burst = true;
  pace.duration = 10s;
  Dispatcher dispatcher(pace, 3, kStart);
  dispatcher.freed(1, kStart + 3ms);
  EXPECT_TRUE(dispatcher.next(kStart + 3ms));
  dispatcher.stop(kStart + 4ms);
  EXPECT_EQ(dispatcher.unsent(), 2U);
}

TEST(StoppedClosedLoop, OwesNothing) {
  Dispatcher dispatcher = with_free_connections(closed_loop(1s), 2);
  dispatcher.stop(kStart + 100ms);
  EXPECT_EQ(dispatcher.unsent(), 0U);
}

}  // namespace
}  // namespace ragd::load
