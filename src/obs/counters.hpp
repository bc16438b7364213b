// The shapes a metric can have: counter, gauge, histogram, and families of them over a closed set of label values.
//
// Thread-safe. A thread adds with a plain load and store to cache lines only it writes; a scrape sums the lines of all
// threads. The first 64 living threads have lines of their own, later ones share one and pay for an atomic add. A value
// read while others write may miss their last additions, never tears, and is exact once they have joined.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ragd::obs {

/// A row of 64-bit cells for each thread.
class Cells {
 public:
  explicit Cells(std::size_t count);

  void add(std::size_t cell, std::uint64_t n);
  void add_real(std::size_t cell, double value);
  [[nodiscard]] std::uint64_t sum(std::size_t cell) const;
  [[nodiscard]] double sum_real(std::size_t cell) const;

 private:
  static constexpr std::size_t kCellsPerLine = 8;
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kCellsPerLine> cells{};
  };
  [[nodiscard]] std::atomic<std::uint64_t>& at(std::size_t shard, std::size_t cell) const;

  std::size_t lines_per_shard_;
  std::unique_ptr<Line[]> lines_;
};

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

class Histogram {
 public:
  /// Upper bounds (inclusive), ascending, without +Inf; they must outlive the histogram.
  explicit Histogram(std::span<const double> bounds);
  /// NaN is ignored: it would poison the sum for good.
  void observe(double value);

  struct Snapshot {
    std::vector<std::uint64_t> cumulative;  ///< one a bound, then +Inf: the count
    double sum = 0;
  };
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }

 private:
  std::span<const double> bounds_;
  Cells cells_;  // a bucket each, +Inf, then the sum as a double
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
  explicit HistogramFamily(std::span<const double> bounds) {
    histograms_.reserve(N);
    for (std::size_t i = 0; i < N; ++i) histograms_.emplace_back(bounds);
  }
  void observe(Enum label, double value) { at(label).observe(value); }
  [[nodiscard]] Histogram& at(Enum label) { return histograms_[static_cast<std::size_t>(label)]; }
  [[nodiscard]] const Histogram& at(Enum label) const { return histograms_[static_cast<std::size_t>(label)]; }

 private:
  std::vector<Histogram> histograms_;
};

}  // namespace ragd::obs
