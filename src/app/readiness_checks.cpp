#include "app/readiness_checks.hpp"

#include "obs/log.hpp"

#include <boost/asio/co_spawn.hpp>

#include <string>
#include <utility>

namespace ragd::app {

using Clock = std::chrono::steady_clock;

ReadinessChecks::ReadinessChecks(boost::asio::io_context& core, Checks checks, api::Readiness& readiness, Timing timing)
    : core_(core), checks_(std::move(checks)), readiness_(readiness), timing_(timing), timer_(core.get_executor()) {}

void ReadinessChecks::start() {
  tick();
}

void ReadinessChecks::stop() {
  stopped_ = true;
  timer_.cancel();
}

void ReadinessChecks::tick() {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < dependencies_.size(); ++i) {
    Dependency& dependency = dependencies_[i];
    if (!dependency.running) {
      launch(i);
    } else if (now - dependency.started > timing_.limit) {
      dependency.overdue = true;
      record(i, false, "the check has not come back in time");
    }
  }
  timer_.expires_after(timing_.period);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopped_) tick();
  });
}

void ReadinessChecks::launch(std::size_t index) {
  Dependency& dependency = dependencies_[index];
  dependency.running = true;
  dependency.overdue = false;
  dependency.started = Clock::now();
  auto on_checked = [this, index](const std::exception_ptr& bug, const Result<void>& result) {
    this->on_checked(index, bug, result);
  };
  boost::asio::co_spawn(core_.get_executor(), checks_[index](), std::move(on_checked));
}

void ReadinessChecks::on_checked(std::size_t index, const std::exception_ptr& bug, const Result<void>& result) {
  Dependency& dependency = dependencies_[index];
  dependency.running = false;
  statuses_[index].took = Clock::now() - dependency.started;
  if (dependency.overdue) return;  // counted already
  if (bug || !result) {
    obs::log(LogLevel::warning, "dependency check failed",
             {{"dependency", api::kDependencyNames[index]},
              {"error", bug ? std::string_view("exception") : std::string_view(result.error().detail)}});
    record(index, false, "the last check failed");
  } else {
    record(index, true, "ok");
  }
}

void ReadinessChecks::record(std::size_t index, bool ok, std::string detail) {
  const bool was_up = dependencies_[index].state.up();
  statuses_[index].up = dependencies_[index].state.step(ok);
  statuses_[index].detail = std::move(detail);
  readiness_.publish(statuses_);
  if (was_up != statuses_[index].up) {
    obs::log(was_up ? LogLevel::error : LogLevel::info, was_up ? "dependency down" : "dependency up",
             {{"dependency", api::kDependencyNames[index]}});
  }
}

}  // namespace ragd::app
