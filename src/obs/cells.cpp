#include "obs/cells.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <mutex>
#include <span>
#include <stdexcept>

namespace ragd::obs {

constinit thread_local Cell* this_thread_cells = nullptr;

namespace {

constexpr std::size_t kOwnBlocks = 64;
constexpr std::size_t kSharedBlock = kOwnBlocks;

using Block = std::array<Cell, kCellsPerThread>;

// Zeroed memory of which only what is touched takes room. Aligned, so that no two blocks share a cache line.
alignas(64) constinit std::array<Block, kOwnBlocks + 1> blocks{};
std::atomic<std::uint64_t> taken_blocks{0};     // a bit each
std::atomic<std::size_t> ever_taken_blocks{0};  // the first so many

constinit thread_local bool this_thread_shares = false;

void note_taken(std::size_t block) {
  std::size_t noted = ever_taken_blocks.load(std::memory_order_relaxed);
  while (noted <= block && !ever_taken_blocks.compare_exchange_weak(noted, block + 1, std::memory_order_relaxed)) {
  }
}

/// Holds a block for as long as its thread lives. The next holder goes on from the sums the last one left.
class BlockLease {
 public:
  BlockLease() {
    std::uint64_t taken = taken_blocks.load(std::memory_order_relaxed);
    while (~taken != 0) {
      held_ = static_cast<std::size_t>(std::countr_one(taken));
      // Acquire pairs with the release below: the previous holder's stores are seen before ours.
      if (taken_blocks.compare_exchange_weak(taken, taken | (1ULL << held_), std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        note_taken(held_);
        this_thread_cells = blocks[held_].data();
        return;
      }
    }
    held_ = kSharedBlock;
    this_thread_shares = true;
  }
  ~BlockLease() {
    // Other thread-local destructors may still count something.
    this_thread_cells = nullptr;
    this_thread_shares = true;
    if (held_ != kSharedBlock) taken_blocks.fetch_and(~(1ULL << held_), std::memory_order_release);
  }
  BlockLease(const BlockLease&) = delete;
  BlockLease& operator=(const BlockLease&) = delete;

 private:
  std::size_t held_ = kSharedBlock;
};

/// Gives this thread a block of its own if there is one.
bool lease_block() {
  if (!this_thread_shares) {
    static const thread_local BlockLease lease;
  }
  return this_thread_cells != nullptr;
}

/// Which cells belong to somebody.
class Room {
 public:
  std::size_t take(std::size_t count) {
    const std::lock_guard lock(mutex_);
    std::size_t free = 0;  // in a row, up to `cell`
    for (std::size_t cell = 0; cell < kCellsPerThread; ++cell) {
      free = taken_[cell] ? 0 : free + 1;
      if (free < count) continue;
      const std::size_t first = cell + 1 - count;
      for (std::size_t i = 0; i < count; ++i) taken_.set(first + i);
      return first;
    }
    throw std::length_error("more metrics than there is room for");
  }
  void give_back(std::size_t first, std::size_t count) {
    const std::lock_guard lock(mutex_);
    for (Block& block : blocks) {
      for (Cell& cell : std::span(block).subspan(first, count)) {
        if (cell.load(std::memory_order_relaxed) != 0) cell.store(0, std::memory_order_relaxed);  // touches no new page
      }
    }
    for (std::size_t i = 0; i < count; ++i) taken_.reset(first + i);
  }

 private:
  std::mutex mutex_;
  std::bitset<kCellsPerThread> taken_;
};

Room& room() {
  static Room room;
  return room;
}

template <class Visit>
void visit_cells(std::size_t cell, const Visit& visit) {
  const std::size_t own = ever_taken_blocks.load(std::memory_order_relaxed);
  for (std::size_t block = 0; block < own; ++block) visit(blocks[block][cell].load(std::memory_order_relaxed));
  visit(blocks[kSharedBlock][cell].load(std::memory_order_relaxed));
}

}  // namespace

Cells::Cells(std::size_t count) : first_(room().take(count)), count_(count) {}

Cells::~Cells() {
  if (count_ != 0) room().give_back(first_, count_);
}

void Cells::add_slowly(std::size_t cell, std::uint64_t n) {
  if (lease_block()) return add(cell, n);
  blocks[kSharedBlock][first_ + cell].fetch_add(n, std::memory_order_relaxed);
}

void Cells::add_sample_slowly(std::size_t bucket, std::size_t sum, double value) {
  if (lease_block()) return add_sample(bucket, sum, value);
  blocks[kSharedBlock][first_ + bucket].fetch_add(1, std::memory_order_relaxed);
  Cell& shared = blocks[kSharedBlock][first_ + sum];
  std::uint64_t seen = shared.load(std::memory_order_relaxed);
  while (!shared.compare_exchange_weak(seen, with(seen, value), std::memory_order_relaxed)) {
  }
}

std::uint64_t Cells::sum(std::size_t cell) const {
  std::uint64_t sum = 0;
  visit_cells(first_ + cell, [&sum](std::uint64_t bits) { sum += bits; });
  return sum;
}

double Cells::sum_real(std::size_t cell) const {
  double sum = 0;
  visit_cells(first_ + cell, [&sum](std::uint64_t bits) { sum += std::bit_cast<double>(bits); });
  return sum;
}

}  // namespace ragd::obs
