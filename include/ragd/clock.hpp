// Where decisions get their time from. Asked once per request; everything below receives the time as an argument.
//
// Implementations are thread-safe. Measurements (how long a stage took) read std::chrono::steady_clock directly.
#pragma once

#include <chrono>
#include <ctime>

namespace ragd {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic: limits, deadlines.
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  /// Wall clock: what is stored and must outlive a restart (cache ages), and log lines.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  /// To a few milliseconds, as the kernel's tick has it: a fifth of the price, and nothing here is told more finely.
  [[nodiscard]] WallTime wall_now() const override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return WallTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
  }
};

}  // namespace ragd
