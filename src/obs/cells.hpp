// Rows of 64-bit numbers that each thread adds to in memory of its own; a reader sums over the threads.
//
// Thread-safe. The first 64 living threads have a block each, one cell in it for every number of the process, and add
// with a plain load and store. Later threads share one block and pay for an atomic addition. A sum read while others
// add may miss their last additions, never tears, and is exact once they have joined. Room is fixed: more cells than
// kCellsPerThread at once are refused with std::length_error.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace ragd::obs {

inline constexpr std::size_t kCellsPerThread = 8'192;

using Cell = std::atomic<std::uint64_t>;

/// This thread's own block; null before its first addition, and for good if there was none left. For Cells alone.
extern constinit thread_local Cell* this_thread_cells;

class Cells {
 public:
  explicit Cells(std::size_t count);
  ~Cells();
  Cells(Cells&& other) noexcept : first_(other.first_), count_(std::exchange(other.count_, 0)) {}
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;

  void add(std::size_t cell, std::uint64_t n) {
    if (Cell* own = this_thread_cells; own != nullptr) [[likely]] {
      plus(own[first_ + cell], n);
    } else {
      add_slowly(cell, n);
    }
  }
  /// One to `bucket`, and `value` to `sum`, a cell that holds a double.
  void add_sample(std::size_t bucket, std::size_t sum, double value) {
    if (Cell* own = this_thread_cells; own != nullptr) [[likely]] {
      Cell* row = own + first_;
      plus(row[bucket], 1);
      plus_real(row[sum], value);
    } else {
      add_sample_slowly(bucket, sum, value);
    }
  }

  [[nodiscard]] std::uint64_t sum(std::size_t cell) const;
  [[nodiscard]] double sum_real(std::size_t cell) const;

 private:
  static void plus(Cell& cell, std::uint64_t n) {
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  static std::uint64_t with(std::uint64_t bits, double value) {
    return std::bit_cast<std::uint64_t>(std::bit_cast<double>(bits) + value);
  }
  static void plus_real(Cell& cell, double value) {
    cell.store(with(cell.load(std::memory_order_relaxed), value), std::memory_order_relaxed);
  }
  void add_slowly(std::size_t cell, std::uint64_t n);
  void add_sample_slowly(std::size_t bucket, std::size_t sum, double value);

  std::size_t first_;
  std::size_t count_;
};

}  // namespace ragd::obs
