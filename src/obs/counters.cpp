#include "obs/counters.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ragd::obs {

namespace {

constexpr std::size_t kExclusiveShards = 64;
constexpr std::size_t kSharedShard = kExclusiveShards;
constexpr std::size_t kShards = kExclusiveShards + 1;
constexpr std::size_t kUnassigned = std::numeric_limits<std::size_t>::max();

std::atomic<std::uint64_t> taken_shards{0};  // a bit each

// Trivial to construct and destroy, so reading it costs no guard; ShardLease gives it its value.
constinit thread_local std::size_t this_thread_shard = kUnassigned;

/// Holds a shard for as long as its thread lives. The next holder goes on from the sums the last one left.
class ShardLease {
 public:
  ShardLease() {
    std::uint64_t taken = taken_shards.load(std::memory_order_relaxed);
    while (~taken != 0) {
      const auto free = static_cast<std::size_t>(std::countr_one(taken));
      // Acquire pairs with the release below: the previous holder's stores are seen before ours.
      if (taken_shards.compare_exchange_weak(taken, taken | (1ULL << free), std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        this_thread_shard = free;
        return;
      }
    }
    this_thread_shard = kSharedShard;
  }
  ~ShardLease() {
    const std::size_t held = this_thread_shard;
    // Other thread-local destructors may still count something.
    this_thread_shard = kSharedShard;
    if (held < kExclusiveShards) taken_shards.fetch_and(~(1ULL << held), std::memory_order_release);
  }
  ShardLease(const ShardLease&) = delete;
  ShardLease& operator=(const ShardLease&) = delete;
};

std::size_t current_shard() {
  if (this_thread_shard == kUnassigned) {
    static const thread_local ShardLease lease;
  }
  return this_thread_shard;
}

}  // namespace

Cells::Cells(std::size_t count)
    : lines_per_shard_((count + kCellsPerLine - 1) / kCellsPerLine),
      lines_(std::make_unique<Line[]>(lines_per_shard_ * kShards)) {}

std::atomic<std::uint64_t>& Cells::at(std::size_t shard, std::size_t cell) const {
  return lines_[shard * lines_per_shard_ + cell / kCellsPerLine].cells[cell % kCellsPerLine];
}

void Cells::add(std::size_t cell, std::uint64_t n) {
  const std::size_t shard = current_shard();
  std::atomic<std::uint64_t>& value = at(shard, cell);
  if (shard == kSharedShard) {
    value.fetch_add(n, std::memory_order_relaxed);
  } else {
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
}

void Cells::add_real(std::size_t cell, double value) {
  const auto plus = [value](std::uint64_t bits) {
    return std::bit_cast<std::uint64_t>(std::bit_cast<double>(bits) + value);
  };
  const std::size_t shard = current_shard();
  std::atomic<std::uint64_t>& sum = at(shard, cell);
  std::uint64_t seen = sum.load(std::memory_order_relaxed);
  if (shard != kSharedShard) {
    sum.store(plus(seen), std::memory_order_relaxed);
    return;
  }
  while (!sum.compare_exchange_weak(seen, plus(seen), std::memory_order_relaxed)) {
  }
}

std::uint64_t Cells::sum(std::size_t cell) const {
  std::uint64_t sum = 0;
  for (std::size_t shard = 0; shard < kShards; ++shard) sum += at(shard, cell).load(std::memory_order_relaxed);
  return sum;
}

double Cells::sum_real(std::size_t cell) const {
  double sum = 0;
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    sum += std::bit_cast<double>(at(shard, cell).load(std::memory_order_relaxed));
  }
  return sum;
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds), cells_(bounds.size() + 2) {}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  cells_.add(static_cast<std::size_t>(bucket), 1);
  cells_.add_real(bounds_.size() + 1, value);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  std::uint64_t total = 0;
  for (std::size_t bucket = 0; bucket <= bounds_.size(); ++bucket) {
    total += cells_.sum(bucket);
    snapshot.cumulative.push_back(total);
  }
  snapshot.sum = cells_.sum_real(bounds_.size() + 1);
  return snapshot;
}

}  // namespace ragd::obs
