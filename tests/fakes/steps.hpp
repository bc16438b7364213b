// Tells a test that a fake has reached a step, so that the test can act exactly there; and lets others run meanwhile.
#pragma once

#include <ragd/task.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <string>
#include <utility>

namespace ragd::fakes {

struct Steps {
  std::function<void(const std::string& step)> on_reach;
  int rounds = 0;  ///< how often a suspending step gives way to everything else that is ready

  void reach(const std::string& step) const {
    if (on_reach) on_reach(step);
  }

  Task<void> pass(std::string step) const {
    reach(step);
    const boost::asio::use_awaitable_t<Executor> token;
    for (int round = 0; round < rounds; ++round) {
      co_await boost::asio::post(token);
    }
  }
};

}  // namespace ragd::fakes
