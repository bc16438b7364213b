// The list algorithm the rate table is measured against: allowed if fewer than N admissions are younger than the
// window.
#pragma once

#include <ragd/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>

namespace ragd::limit {

class SlidingLog {
 public:
  SlidingLog(std::size_t requests, std::chrono::nanoseconds window) : requests_(requests), window_(window) {}

  bool check(SteadyTime now) {
    if (!admitted_.empty()) now = std::max(now, admitted_.back());  // monotonic per client
    while (!admitted_.empty() && now - admitted_.front() >= window_) admitted_.pop_front();
    if (admitted_.size() >= requests_) return false;
    admitted_.push_back(now);
    return true;
  }
  [[nodiscard]] std::uint32_t remaining() const { return static_cast<std::uint32_t>(requests_ - admitted_.size()); }
  [[nodiscard]] SteadyTime oldest() const { return admitted_.front(); }
  [[nodiscard]] SteadyTime latest() const { return admitted_.back(); }

 private:
  std::size_t requests_;
  std::chrono::nanoseconds window_;
  std::deque<SteadyTime> admitted_;
};

}  // namespace ragd::limit
