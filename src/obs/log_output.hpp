// Where log lines leave the process: gathers them while more are waiting and writes them to a file descriptor as soon
// as none is.
//
// log, flush are called by the one writer thread; the rest is thread-safe. A reader that stalls makes the writer wait
// (the queue before it overflows and counts); a broken output loses the batch and counts its lines. It refuses to
// stop the process, to spin, or to leave half a line in front of a whole one.
#pragma once

#include <spdlog/sinks/sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace ragd::obs {

class LogOutput final : public spdlog::sinks::sink {
 public:
  /// `more_waiting` says whether another line is already queued.
  LogOutput(int fd, std::function<bool()> more_waiting) : fd_(fd), more_waiting_(std::move(more_waiting)) {}

  void log(const spdlog::details::log_msg& message) override;
  void flush() override;
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

  /// A reader that still stalls after this time loses what is left: the process wants to end.
  void give_up_after(std::chrono::milliseconds grace);
  [[nodiscard]] std::uint64_t lost_lines() const { return lost_lines_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool wait_writable() const;

  int fd_;
  std::function<bool()> more_waiting_;
  std::string batch_;
  bool inside_line_ = false;  // the last byte written was not a line's end
  std::atomic<std::chrono::steady_clock::time_point> give_up_at_{std::chrono::steady_clock::time_point::max()};
  std::atomic<std::uint64_t> lost_lines_{0};
};

}  // namespace ragd::obs
