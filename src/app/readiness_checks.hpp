// Asks cache, vector_db and llm in the background how they are, each with its own time limit, and publishes the result
// for /health/ready. A check that hangs counts as failed from its limit on and is not started a second time.
//
// Lives on one core: start, stop and everything between run there. What it checks outlives it.
#pragma once

#include "api/readiness.hpp"
#include "app/hysteresis.hpp"

#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>

namespace ragd::app {

class ReadinessChecks {
 public:
  using Check = std::function<Task<Result<void>>()>;
  /// By index into api::kDependencyNames.
  using Checks = std::array<Check, api::kDependencyNames.size()>;

  struct Timing {
    std::chrono::milliseconds period{1'000};
    std::chrono::milliseconds limit{2'000};
  };

  ReadinessChecks(boost::asio::io_context& core, Checks checks, api::Readiness& readiness, Timing timing);
  ReadinessChecks(const ReadinessChecks&) = delete;
  ReadinessChecks& operator=(const ReadinessChecks&) = delete;

  /// On the core.
  void start();
  /// On the core; a check under way ends by itself before the core does.
  void stop();

 private:
  struct Dependency {
    Hysteresis state;
    bool running = false;
    bool overdue = false;  ///< the running check has been counted as failed
    std::chrono::steady_clock::time_point started;
  };

  void tick();
  void launch(std::size_t index);
  void on_checked(std::size_t index, const std::exception_ptr& bug, const Result<void>& result);
  void record(std::size_t index, bool ok, std::string detail);

  boost::asio::io_context& core_;
  const Checks checks_;
  api::Readiness& readiness_;
  const Timing timing_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      timer_;
  std::array<Dependency, api::kDependencyNames.size()> dependencies_{};
  api::DependencyStatuses statuses_{};
  bool stopped_ = false;
};

}  // namespace ragd::app
