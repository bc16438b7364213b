// Whether a dependency counts as up, from the results of its checks: one success brings it up, it takes `kFailuresDown`
// failures in a row to bring it down. A pure state machine for one thread.
#pragma once

namespace ragd::app {

class Hysteresis {
 public:
  static constexpr int kFailuresDown = 2;

  /// Takes a check's result; whether the dependency is up now.
  bool step(bool ok) {
    failures_ = ok ? 0 : failures_ + 1;
    if (ok) up_ = true;
    if (failures_ >= kFailuresDown) up_ = false;
    return up_;
  }
  [[nodiscard]] bool up() const { return up_; }

 private:
  bool up_ = false;
  int failures_ = 0;
};

}  // namespace ragd::app
