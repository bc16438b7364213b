// The one statistic ragd asks RocksDB for: how long writes were stalled. RocksDB's own collection of them takes half a
// megabyte and two clock readings a read.
//
// Thread-safe. It forgets every other ticker and measures no time for histograms.
#pragma once

#include <rocksdb/statistics.h>

#include <atomic>
#include <cstdint>

namespace ragd::store {

class StallStatistics final : public rocksdb::Statistics {
 public:
  [[nodiscard]] const char* Name() const override { return "ragd.StallStatistics"; }
  [[nodiscard]] std::uint64_t getTickerCount(std::uint32_t ticker) const override {
    return ticker == rocksdb::STALL_MICROS ? stalled_us_.load(std::memory_order_relaxed) : 0;
  }
  void recordTick(std::uint32_t ticker, std::uint64_t count) override {
    if (ticker == rocksdb::STALL_MICROS) stalled_us_.fetch_add(count, std::memory_order_relaxed);
  }
  void setTickerCount(std::uint32_t ticker, std::uint64_t count) override {
    if (ticker == rocksdb::STALL_MICROS) stalled_us_.store(count, std::memory_order_relaxed);
  }
  std::uint64_t getAndResetTickerCount(std::uint32_t ticker) override {
    return ticker == rocksdb::STALL_MICROS ? stalled_us_.exchange(0, std::memory_order_relaxed) : 0;
  }
  [[nodiscard]] bool HistEnabledForType(std::uint32_t /*type*/) const override { return false; }
  // Called whatever HistEnabledForType says, and what is inherited asserts.
  void recordInHistogram(std::uint32_t /*type*/, std::uint64_t /*value*/) override {}
  void histogramData(std::uint32_t /*type*/, rocksdb::HistogramData* const data) const override { *data = {}; }

 private:
  std::atomic<std::uint64_t> stalled_us_{0};
};

}  // namespace ragd::store
