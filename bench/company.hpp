// A second thread that sleeps for as long as the process lives: a server is never alone in its process, and without one
// glibc's mutex takes no lock at all, which would flatter whatever is built on it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace ragd::bench {

inline void keep_company() {
  static const std::jthread companion([](const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
  });
}

}  // namespace ragd::bench
