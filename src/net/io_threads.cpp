#include "net/io_threads.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <exception>
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
  for (const auto& core : cores_) core->thread = std::thread([&core = *core] { run(core); });
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
