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
  run(Outcome::success, 5);
  run(Outcome::failure, 4);
  run(Outcome::success, 20);
  run(Outcome::failure, 9);
  EXPECT_EQ(breaker_.state(), State::closed) << "9 of 20: the first four have left";
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

/// A random history of one breaker, and what its rules say of every step.
class History {
 public:
  explicit History(std::mt19937& random)
      : random_(random),
        settings_{.window = 1 + below(30),
                  .min_requests = 1 + below(10),
                  .failure_rate = (1.0 + below(15)) / 16,  // exact, so that both sides round alike
                  .cool_down = milliseconds(100 + below(1000)),
                  .probes = 1 + below(4)},
        failing_(below(100)),
        breaker_(settings_, random()),
        model_(settings_) {}

  void step() {
    now_ += milliseconds(below(40));
    if (below(2) == 0 || out_.empty()) {
      admit();
    } else {
      report();
    }
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void admit() {
    const State before = breaker_.state();
    const SteadyTime::duration there = now_ - entered_;
    const auto ticket = breaker_.admit(now_);
    const bool cooled_down = there >= settings_.cool_down;
    const bool surely_over = there >= settings_.cool_down * 3 / 2;
    const bool must = before == State::closed || (before == State::open && surely_over);
    const bool must_not = before == State::open && !cooled_down;
    ASSERT_TRUE(ticket.has_value() || !must);
    ASSERT_FALSE(ticket.has_value() && must_not);
    if ((before == State::open && ticket) || (before == State::half_open && cooled_down)) begin_round();
    const bool room = breaker_.state() != State::half_open || probes_ < settings_.probes;
    ASSERT_TRUE(breaker_.state() == State::open || ticket.has_value() == room);
    if (!ticket) return;
    ++probes_;
    out_.push_back(*ticket);
  }

  void report() {
    const auto which = static_cast<std::ptrdiff_t>(below(static_cast<unsigned>(out_.size())));
    const Breaker::Ticket ticket = out_[static_cast<std::size_t>(which)];
    out_.erase(out_.begin() + which);
    const bool failed = below(100) < failing_;
    const bool known = below(10) != 0;
    const State before = breaker_.state();
    breaker_.report(ticket, known ? (failed ? Outcome::failure : Outcome::success) : Outcome::unknown, now_);
    const State after = breaker_.state();
    if (!known) {
      --probes_;
      ASSERT_EQ(before, after);
      return;
    }
    if (before == State::closed) model_.report(failed);
    ASSERT_EQ(after == State::open, before == State::closed ? model_.opens() : failed);
    // Outcomes from the state that ended are ignored: there is a test of its own for that.
    if (before == after) return;
    model_.clear();
    begin_round();
  }

  void begin_round() {
    entered_ = now_;
    probes_ = 0;
    out_.clear();
  }

  std::mt19937& random_;
  const BreakerSettings settings_;
  const unsigned failing_;  // of a hundred
  Breaker breaker_;
  Model model_;
  SteadyTime now_{std::chrono::hours(1)};
  SteadyTime entered_ = now_;  // the state it is in, or the last round of probes
  std::size_t probes_ = 0;     // of this round, canceled ones aside
  std::vector<Breaker::Ticket> out_;
};

TEST(BreakerProperty, AgreesWithItsRulesOverRandomHistories) {
  std::mt19937 random(20260202);
  for (int i = 0; i < 200; ++i) {
    History history(random);
    for (int step = 0; step < 400 && !testing::Test::HasFatalFailure(); ++step) history.step();
  }
}

}  // namespace
}  // namespace ragd::net
