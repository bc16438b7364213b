#include "app/readiness_checks.hpp"

#include "app/hysteresis.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace ragd::app {
namespace {

using namespace std::chrono_literals;

TEST(Hysteresis, OneSuccessBringsUpTwoFailuresBringDown) {
  Hysteresis state;
  EXPECT_FALSE(state.up());
  EXPECT_TRUE(state.step(true));
  EXPECT_TRUE(state.step(false)) << "one failure is weather";
  EXPECT_TRUE(state.step(true));
  EXPECT_TRUE(state.step(false)) << "failures count in a row only";
  EXPECT_FALSE(state.step(false));
  EXPECT_FALSE(state.step(false));
  EXPECT_TRUE(state.step(true));
}

class ReadinessChecksTest : public testing::Test {
 protected:
  static Task<Result<void>> say(const bool ok, int& calls) {
    ++calls;
    if (!ok) co_return fail(Errc::unavailable, "broken");
    co_return Result<void>{};
  }

  /// Runs the core until `done` says so; every wait is for a timer of a few milliseconds.
  void run_until(const std::function<bool()>& done) {
    for (int turns = 0; turns < 100'000 && !done(); ++turns) core_.run_one();
    EXPECT_TRUE(done());
  }

  ReadinessChecks::Check healthy() {
    return [this] { return say(true, healthy_calls_); };
  }

  boost::asio::io_context core_;
  api::Readiness readiness_;
  int healthy_calls_ = 0;
};

TEST_F(ReadinessChecksTest, PublishesWhatTheFirstChecksFound) {
  ReadinessChecks checks(core_, {healthy(), healthy(), healthy()}, readiness_, {1ms, 1h});
  EXPECT_FALSE(readiness_.ready());
  checks.start();
  run_until([this] { return readiness_.ready(); });
  checks.stop();
}

TEST_F(ReadinessChecksTest, ADependencyThatFailsTwiceIsDownAndComesBack) {
  bool ok = true;
  int calls = 0;
  ReadinessChecks checks(core_, {[&] { return say(ok, calls); }, healthy(), healthy()}, readiness_, {1ms, 1h});
  checks.start();
  run_until([this] { return readiness_.ready(); });
  ok = false;
  run_until([this] { return !readiness_.ready(); });
  EXPECT_FALSE(readiness_.statuses()[0].up);
  EXPECT_TRUE(readiness_.statuses()[1].up);
  ok = true;
  run_until([this] { return readiness_.ready(); });
  checks.stop();
}

TEST_F(ReadinessChecksTest, ACheckThatHangsCountsAsFailedAndIsNotStartedTwice) {
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      gate(core_, 1h);
  int started = 0;
  struct Hang {
    static Task<Result<void>> up_then_hang(int& started, decltype(gate)& gate) {
      ++started;
      if (started == 1) co_return Result<void>{};
      boost::system::error_code error;
      const boost::asio::use_awaitable_t<Executor> token;
      auto waiting = boost::asio::redirect_error(token, error);
      co_await gate.async_wait(waiting);
      co_return Result<void>{};
    }
  };
  ReadinessChecks checks(core_, {healthy(), [&] { return Hang::up_then_hang(started, gate); }, healthy()}, readiness_,
                         {1ms, 3ms});
  checks.start();
  run_until([this] { return readiness_.ready(); });
  run_until([this] { return !readiness_.statuses()[1].up; });
  EXPECT_EQ(started, 2);
  gate.cancel();
  run_until([this] { return readiness_.statuses()[1].up || healthy_calls_ > 100'000; });
  checks.stop();
  gate.cancel();
  core_.run();
}

TEST_F(ReadinessChecksTest, OnlyRequiredDependenciesDecide) {
  int calls = 0;
  ReadinessChecks checks(core_, {healthy(), healthy(), [&] { return say(false, calls); }}, readiness_, {1ms, 1h});
  readiness_.set_required({true, true, false});
  checks.start();
  run_until([this] { return readiness_.ready(); });
  readiness_.set_required({true, true, true});
  EXPECT_FALSE(readiness_.ready());
  readiness_.set_required({true, true, false});
  readiness_.set_draining();
  EXPECT_FALSE(readiness_.ready()) << "a draining server is not ready, whatever its dependencies say";
  checks.stop();
}

}  // namespace
}  // namespace ragd::app
