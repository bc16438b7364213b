// One io_context and one thread per core: what sockets and coroutines live on.
//
// start and join are called by the owner; context() from any thread. What throws out of a completion is logged, and
// the core goes on. It never stops a context under its coroutines: join waits until they have ended.
#pragma once

#include <ragd/task.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace ragd::net {

class IoThreads {
 public:
  /// `count` of 0 means one per core of the machine.
  explicit IoThreads(std::size_t count);
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  [[nodiscard]] std::size_t size() const { return cores_.size(); }
  [[nodiscard]] boost::asio::io_context& context(std::size_t core) { return cores_[core]->context; }

  void start();
  /// Returns when no work is left on any core.
  void join();

 private:
  struct Core {
    boost::asio::io_context context{1};  // the hint: one thread runs it
    boost::asio::executor_work_guard<Executor> work{context.get_executor()};
    std::thread thread;
  };
  static void run(Core& core);

  std::vector<std::unique_ptr<Core>> cores_;
};

}  // namespace ragd::net
