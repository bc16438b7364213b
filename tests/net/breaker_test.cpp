#include "net/breaker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace ragd::net {
namespace {

using std::chrono::milliseconds;
using Outcome = Breaker::Outcome;
using State = Breaker::State;

constexpr BreakerSettings kSettings{
    .window = 20, .min_requests = 5, .failure_rate = 0.5, .cool_down = milliseconds(1000), .probes = 2};

class BreakerTest : public testing::Test {
 protected:
  void run(Outcome outcome, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const auto ticket = breaker_.admit(now_);
      ASSERT_TRUE(ticket.has_value());
      breaker_.report(*ticket, outcome, now_);
    }
  }
  void open() {
    run(Outcome::failure, 5);
    ASSERT_EQ(breaker_.state(), State::open);
  }
  void cool_down() { now_ += kSettings.cool_down * 3 / 2; }

  SteadyTime now_{std::chrono::hours(1)};
  Breaker breaker_{kSettings, 1};
};

TEST_F(BreakerTest, LetsEverythingThroughWhileThingsGoWell) {
  run(Outcome::success, 1000);
  EXPECT_EQ(breaker_.state(), State::closed);
  EXPECT_EQ(breaker_.closed_for(now_), milliseconds(0));
}

TEST_F(BreakerTest, JudgesNothingByAFewRequests) {
  run(Outcome::failure, 4);
  EXPECT_EQ(breaker_.state(), State::closed);
  run(Outcome::failure);
  EXPECT_EQ(breaker_.state(), State::open);
}

TEST_F(BreakerTest, OpensAtTheRateAndNotBelowIt) {
  run(Outcome::success, 11);
  run(Outcome::failure, 9);
  EXPECT_EQ(breaker_.state(), State::closed) << "9 of 20";
  run(Outcome::failure);
  EXPECT_EQ(breaker_.state(), State::open) << "10 of 20: the oldest success has left the window";
}

TEST_F(BreakerTest, ForgetsWhatHasLeftTheWindow) {
  run(Outcome::failure, 4);
  run(Outcome::success, 20);
  run(Outcome::failure, 9);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(BreakerTest, LearnsNothingFromWhatWasCanceled) {
  run(Outcome::unknown, 100);
  run(Outcome::failure, 4);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(BreakerTest, AdmitsNothingUntilTheCoolDownIsOver) {
  open();
  now_ += kSettings.cool_down - milliseconds(1);
  EXPECT_FALSE(breaker_.admit(now_).has_value());
  EXPECT_GT(breaker_.closed_for(now_), milliseconds(0));
  EXPECT_LE(breaker_.closed_for(now_), milliseconds(501));
  now_ += breaker_.closed_for(now_);
  EXPECT_TRUE(breaker_.admit(now_).has_value());
  EXPECT_EQ(breaker_.state(), State::half_open);
}

TEST_F(BreakerTest, ClosesWhenAllProbesSucceed) {
  open();
  cool_down();
  const auto first = breaker_.admit(now_);
  const auto second = breaker_.admit(now_);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(breaker_.admit(now_).has_value()) << "no more probes than that";
  breaker_.report(*first, Outcome::success, now_);
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_FALSE(breaker_.admit(now_).has_value());
  breaker_.report(*second, Outcome::success, now_);
  EXPECT_EQ(breaker_.state(), State::closed);
  run(Outcome::failure, 4);
  EXPECT_EQ(breaker_.state(), State::closed) << "it begins with an empty window";
}

TEST_F(BreakerTest, OpensAgainWhenAProbeFails) {
  open();
  cool_down();
  const auto first = breaker_.admit(now_);
  const auto second = breaker_.admit(now_);
  breaker_.report(*first, Outcome::failure, now_);
  EXPECT_EQ(breaker_.state(), State::open);
  breaker_.report(*second, Outcome::success, now_);
  EXPECT_EQ(breaker_.state(), State::open) << "the other probe's outcome comes too late";
  EXPECT_FALSE(breaker_.admit(now_ + kSettings.cool_down - milliseconds(1)).has_value());
}

TEST_F(BreakerTest, SendsAnotherProbeInPlaceOfACanceledOne) {
  open();
  cool_down();
  const auto first = breaker_.admit(now_);
  const auto second = breaker_.admit(now_);
  ASSERT_TRUE(first && second);
  breaker_.report(*first, Outcome::unknown, now_);
  EXPECT_TRUE(breaker_.admit(now_).has_value());
  EXPECT_FALSE(breaker_.admit(now_).has_value());
}

TEST_F(BreakerTest, ReplacesProbesThatAreLost) {
  open();
  cool_down();
  const auto lost = breaker_.admit(now_);
  const auto also_lost = breaker_.admit(now_);
  ASSERT_TRUE(lost && also_lost);
  now_ += kSettings.cool_down;
  run(Outcome::success);
  breaker_.report(*lost, Outcome::failure, now_);
  EXPECT_EQ(breaker_.state(), State::half_open) << "what was given up says nothing any more";
  run(Outcome::success);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(BreakerTest, IgnoresOutcomesFromBeforeItOpened) {
  const auto early = breaker_.admit(now_);
  const auto early_too = breaker_.admit(now_);
  open();
  breaker_.report(*early, Outcome::success, now_);
  EXPECT_EQ(breaker_.state(), State::open);
  cool_down();
  run(Outcome::success);
  breaker_.report(*early_too, Outcome::failure, now_);
  EXPECT_EQ(breaker_.state(), State::half_open);
}

TEST(BreakerTimes, DifferBetweenBreakersThatOpenTogether) {
  const SteadyTime now{std::chrono::hours(1)};
  std::vector<SteadyTime::duration> times;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Breaker breaker(kSettings, seed * 7919);
    for (int i = 0; i < 5; ++i) breaker.report(*breaker.admit(now), Outcome::failure, now);
    times.push_back(breaker.closed_for(now));
    EXPECT_GE(times.back(), kSettings.cool_down);
    EXPECT_LE(times.back(), kSettings.cool_down * 3 / 2);
  }
  std::sort(times.begin(), times.end());
  EXPECT_GT(times.back() - times.front(), kSettings.cool_down / 4);
}

/// The same rules, told in the plainest way.
class Model {
 public:
  explicit Model(const BreakerSettings& settings) : settings_(settings) {}
  void report(bool failed) {
    window_.push_back(failed);
    if (window_.size() > settings_.window) window_.pop_front();
  }
  [[nodiscard]] bool opens() const {
    const auto failures = static_cast<double>(std::count(window_.begin(), window_.end(), true));
    return window_.size() >= settings_.min_requests && failures > 0 &&
           failures / static_cast<double>(window_.size()) >= settings_.failure_rate;
  }
  void clear() { window_.clear(); }

 private:
  BreakerSettings settings_;
  std::deque<bool> window_;
};

TEST(BreakerProperty, AgreesWithItsRulesOverRandomHistories) {
  std::mt19937 random(20260202);
  const auto below = [&random](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  for (int history = 0; history < 200; ++history) {
    const BreakerSettings settings{.window = 1 + below(30),
                                   .min_requests = 1 + below(10),
                                   .failure_rate = 0.05 + 0.05 * below(19),
                                   .cool_down = milliseconds(100 + below(1000)),
                                   .probes = 1 + below(4)};
    const unsigned failing = below(100);
    Breaker breaker(settings, random());
    Model model(settings);
    SteadyTime now{std::chrono::hours(1)};
    SteadyTime entered = now;  // the state it is in, or the last round of probes
    std::size_t probes = 0;    // of this round, canceled ones aside
    std::vector<Breaker::Ticket> out;
    for (int step = 0; step < 400; ++step) {
      now += milliseconds(below(40));
      const State before = breaker.state();
      if (below(2) == 0 || out.empty()) {
        const auto ticket = breaker.admit(now);
        const bool cooled_down = now - entered >= settings.cool_down;
        if (before == State::closed) ASSERT_TRUE(ticket.has_value());
        if (before == State::open && !cooled_down) ASSERT_FALSE(ticket.has_value());
        if (before == State::open && now - entered >= settings.cool_down * 3 / 2) ASSERT_TRUE(ticket.has_value());
        const bool new_round = (before == State::open && ticket) || (before == State::half_open && cooled_down);
        if (new_round) {
          entered = now;
          probes = 0;
          out.clear();
        }
        if (breaker.state() == State::half_open) ASSERT_EQ(ticket.has_value(), probes < settings.probes);
        if (!ticket) continue;
        ++probes;
        out.push_back(*ticket);
        continue;
      }
      const std::size_t which = below(static_cast<unsigned>(out.size()));
      const Breaker::Ticket ticket = out[which];
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(which));
      const Outcome outcome = below(10) == 0         ? Outcome::unknown
                              : below(100) < failing ? Outcome::failure
                                                     : Outcome::success;
      breaker.report(ticket, outcome, now);
      const State after = breaker.state();
      if (outcome == Outcome::unknown) {
        ASSERT_EQ(before, after);
        --probes;
      }
      if (before == State::closed && outcome != Outcome::unknown) {
        model.report(outcome == Outcome::failure);
        ASSERT_EQ(after == State::open, model.opens());
      }
      if (before == State::half_open) ASSERT_EQ(after == State::open, outcome == Outcome::failure);
      if (before != after) {
        // Outcomes from the state that ended are ignored: there is a test of its own for that.
        out.clear();
        model.clear();
        entered = now;
      }
    }
  }
}

}  // namespace
}  // namespace ragd::net
