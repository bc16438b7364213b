// Where decisions get their time from. Asked once per request; everything below receives the time as an argument.
//
// Implementations are thread-safe. Measurements (how long a stage took) read std::chrono::steady_clock directly.
#pragma once

#include <chrono>

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
  /// To a few milliseconds.
  [[nodiscard]] WallTime wall_now() const override;
};

}  // namespace ragd
