// Some io_contexts with a thread each, as the server has them: none ends while another may still post to it.
#pragma once

#include "fakes/run_task.hpp"

#include <ragd/task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ragd::fakes {

class Cores {
 public:
  explicit Cores(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
      guards_.emplace_back(contexts_.back()->get_executor());
    }
  }
  ~Cores() { join(); }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

  [[nodiscard]] std::vector<boost::asio::io_context*> all() const {
    std::vector<boost::asio::io_context*> pointers;
    for (const auto& context : contexts_) pointers.push_back(context.get());
    return pointers;
  }

  /// An exception of the task ends the test program.
  template <class T>
  std::shared_ptr<std::optional<T>> spawn(std::size_t core, Task<T> task) {
    {
      const std::lock_guard lock(mutex_);
      ++running_;
    }
    auto place = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(*contexts_[core % contexts_.size()], std::move(task),
                          [this, place](const std::exception_ptr& thrown, T value) {
                            if (thrown) std::rethrow_exception(thrown);
                            place->emplace(std::move(value));
                            const std::lock_guard lock(mutex_);
                            --running_;
                            done_.notify_all();
                          });
    return place;
  }

  void start() {
    for (const auto& context : contexts_) threads_.emplace_back([&context] { context->run(); });
  }

  [[nodiscard]] bool is_done() {
    const std::lock_guard lock(mutex_);
    return running_ == 0;
  }

  /// Waits for every task, then for what they left behind, then for the threads.
  void join() {
    {
      std::unique_lock lock(mutex_);
      done_.wait(lock, [this] { return running_ == 0; });
    }
    guards_.clear();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<boost::asio::executor_work_guard<Executor>> guards_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t running_ = 0;
};

}  // namespace ragd::fakes
