// What the background checks found last, and whether the server is draining: read by /health/ready and /metrics.
//
// Thread-safe. It checks nothing itself: app/readiness_checks writes, everyone reads.
#pragma once

#include "base/published.hpp"
#include "obs/metrics.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace ragd::api {

inline constexpr std::array<std::string_view, 3> kDependencyNames{"cache", "vector_db", "llm"};

struct DependencyStatus {
  bool up = false;
  std::string detail = "not checked yet";  ///< in our own words, fit for clients
  std::chrono::duration<double> took{0};
};

using DependencyStatuses = std::array<DependencyStatus, kDependencyNames.size()>;

class Readiness {
 public:
  /// Which dependencies must be up; by index into kDependencyNames.
  using Required = std::array<bool, kDependencyNames.size()>;

  void set_required(const Required& required) { required_.store(std::make_shared<const Required>(required)); }
  void publish(const DependencyStatuses& statuses) {
    statuses_.store(std::make_shared<const DependencyStatuses>(statuses));
  }
  void set_draining() { draining_.store(true, std::memory_order_release); }

  [[nodiscard]] bool draining() const { return draining_.load(std::memory_order_acquire); }
  [[nodiscard]] DependencyStatuses statuses() const { return *statuses_.load(); }
  [[nodiscard]] Required required() const { return *required_.load(); }
  [[nodiscard]] bool ready() const;

 private:
  std::atomic<bool> draining_{false};
  base::Published<Required> required_{std::make_shared<const Required>(Required{true, true, true})};
  base::Published<DependencyStatuses> statuses_{std::make_shared<const DependencyStatuses>()};
};

}  // namespace ragd::api
