// A point in a fake where coroutines wait until the test lets them on. Open unless closed; usable from every thread.
#pragma once

#include <ragd/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ragd::fakes {

class Gate {
 public:
  Task<void> pass() {
    const Executor executor = co_await boost::asio::this_coro::executor;
    const std::shared_ptr<Timer> barrier = arrive(executor);
    if (!barrier) co_return;
    const boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> token;
    const auto opened = co_await barrier->async_wait(token);
    static_cast<void>(opened);
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

  /// Those who wait go on waiting.
  void let_newcomers_pass() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }

  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    for (const auto& barrier : waiting_) {
      boost::asio::post(barrier->get_executor(), [barrier] { barrier->cancel(); });
    }
    waiting_.clear();
  }

  /// Blocks the calling thread until that many have come here since the start, whether they had to wait or not.
  void await_arrivals(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return arrivals_ >= count; });
  }

  [[nodiscard]] std::size_t arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  std::shared_ptr<Timer> arrive(const Executor& executor) {
    const std::lock_guard lock(mutex_);
    ++arrivals_;
    arrived_.notify_all();
    if (!closed_) return nullptr;
    waiting_.push_back(std::make_shared<Timer>(executor, Timer::time_point::max()));
    return waiting_.back();
  }

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  bool closed_ = false;
  std::size_t arrivals_ = 0;
  std::vector<std::shared_ptr<Timer>> waiting_;  // owners: this gate and the coroutine that waits
};

}  // namespace ragd::fakes
