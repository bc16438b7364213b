// The shapes a metric can have: counter, gauge, histogram, and families of them over a closed set of label values.
//
// Thread-safe: what Cells promises. Counting never waits and never allocates.
#pragma once

#include "obs/buckets.hpp"
#include "obs/cells.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace ragd::obs {

class Counter {
 public:
  Counter() : cells_(1) {}
  void add(std::uint64_t n = 1) { cells_.add(0, n); }
  [[nodiscard]] std::uint64_t value() const { return cells_.sum(0); }

 private:
  Cells cells_;
};

/// May go down; the sum over threads is the value, so one thread may add what another takes away.
class Gauge {
 public:
  Gauge() : cells_(1) {}
  void add(std::int64_t n) { cells_.add(0, static_cast<std::uint64_t>(n)); }
  [[nodiscard]] std::int64_t value() const { return static_cast<std::int64_t>(cells_.sum(0)); }

 private:
  Cells cells_;
};

using BucketsPtr = std::shared_ptr<const Buckets>;  // owners: the histograms of a family

class Histogram {
 public:
  /// Upper bounds as Buckets wants them.
  explicit Histogram(std::span<const double> bounds) : Histogram(std::make_shared<const Buckets>(bounds)) {}
  explicit Histogram(BucketsPtr buckets) : buckets_(std::move(buckets)), cells_(bounds().size() + 2) {}

  /// NaN is ignored: it would poison the sum for good.
  void observe(double value) {
    if (Buckets::usual(value)) {
      cells_.add_sample(kFirstBucket + buckets_->of(value), kSum, value);
    } else {
      observe_unusual(value);
    }
  }

  struct Snapshot {
    std::vector<std::uint64_t> cumulative;  ///< one a bound, then +Inf: the count
    double sum = 0;
  };
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] std::span<const double> bounds() const { return buckets_->bounds(); }

 private:
  void observe_unusual(double value);

  static constexpr std::size_t kSum = 0;
  static constexpr std::size_t kFirstBucket = 1;

  BucketsPtr buckets_;
  Cells cells_;  // the sum as a double, a bucket for each bound, +Inf
};

/// One counter for each of the N values of Enum, which count from 0.
template <class Enum, std::size_t N>
class CounterFamily {
 public:
  CounterFamily() : cells_(N) {}
  void add(Enum label, std::uint64_t n = 1) { cells_.add(static_cast<std::size_t>(label), n); }
  [[nodiscard]] std::uint64_t value(Enum label) const { return cells_.sum(static_cast<std::size_t>(label)); }

 private:
  Cells cells_;
};

/// One histogram for each of the N values of Enum, which count from 0.
template <class Enum, std::size_t N>
class HistogramFamily {
 public:
  explicit HistogramFamily(std::span<const double> bounds)
      : HistogramFamily(std::make_shared<const Buckets>(bounds), std::make_index_sequence<N>()) {}
  void observe(Enum label, double value) { at(label).observe(value); }
  [[nodiscard]] Histogram& at(Enum label) { return histograms_[static_cast<std::size_t>(label)]; }
  [[nodiscard]] const Histogram& at(Enum label) const { return histograms_[static_cast<std::size_t>(label)]; }

 private:
  template <std::size_t... Labels>
  HistogramFamily(const BucketsPtr& buckets, std::index_sequence<Labels...>)
      : histograms_{(static_cast<void>(Labels), Histogram(buckets))...} {}

  std::array<Histogram, N> histograms_;
};

}  // namespace ragd::obs
