// The shapes a metric can have, sharded by thread, and the writer of the Prometheus text format.
//
// Thread-safe as metrics.hpp says: each thread adds to its own cache line, a scrape sums.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::obs {

class Counter {
 public:
  Counter();
  ~Counter();
  void add(std::uint64_t n = 1);
  [[nodiscard]] std::uint64_t value() const;
};

/// May go down; the sum over threads is the value.
class Gauge {
 public:
  Gauge();
  ~Gauge();
  void add(std::int64_t n);
  [[nodiscard]] std::int64_t value() const;
};

class Histogram {
 public:
  /// Upper bounds, ascending, without +Inf.
  explicit Histogram(std::span<const double> bounds);
  ~Histogram();
  void observe(double value);
};

}  // namespace ragd::obs
