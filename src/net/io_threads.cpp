#include "net/io_threads.hpp"

#include "obs/log.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>

namespace ragd::net {

IoThreads::IoThreads(std::size_t count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  cores_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) cores_.push_back(std::make_unique<Core>());
}

IoThreads::~IoThreads() {
  join();
}

void IoThreads::start() {
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    std::thread& thread = cores_[i]->thread;
    thread = std::thread([&core = *cores_[i]] { run(core); });
    // For top, debuggers and the test that counts a core's allocations; Linux takes 15 characters.
    ::pthread_setname_np(thread.native_handle(), ("ragd-core-" + std::to_string(i)).c_str());
  }
}

void IoThreads::join() {
  for (const auto& core : cores_) core->work.reset();
  for (const auto& core : cores_) {
    if (core->thread.joinable()) core->thread.join();
  }
}

void IoThreads::run(Core& core) {
  for (;;) {
    try {
      core.context.run();
      return;
    } catch (const std::exception& error) {
      obs::log(LogLevel::error, "an exception reached the event loop", {{"error", std::string_view(error.what())}});
    }
  }
}

}  // namespace ragd::net
