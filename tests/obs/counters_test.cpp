#include "obs/counters.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ragd::obs {
namespace {

enum class Colour : std::uint8_t { red, green };
constexpr std::array kBounds = {0.5, 2.0};

/// Runs `work` on `count` threads that all hold their blocks at once, and waits for them.
template <class Work>
void on_threads(int count, Work work) {
  Counter arrivals;
  std::atomic<int> arrived{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      arrivals.add();  // a block is taken on first use
      arrived.fetch_add(1);
      while (arrived.load() < count) std::this_thread::yield();
      work();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Counters, StartAtZeroAndAdd) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42U);
}

TEST(Counters, AGaugeMayGoDownOnAnotherThread) {
  Gauge gauge;
  gauge.add(2);
  std::thread([&] { gauge.add(-5); }).join();
  EXPECT_EQ(gauge.value(), -3);
}

TEST(Counters, AFamilyKeepsItsLabelsApart) {
  CounterFamily<Colour, 2> family;
  family.add(Colour::green, 3);
  EXPECT_EQ(family.value(Colour::red), 0U);
  EXPECT_EQ(family.value(Colour::green), 3U);
}

TEST(Counters, AHistogramsBoundsAreInclusiveAndItsBucketsCumulative) {
  Histogram histogram(kBounds);
  for (const double value : {0.25, 0.5, 1.0, 2.0, 2.5}) histogram.observe(value);
  const Histogram::Snapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.cumulative, (std::vector<std::uint64_t>{2, 4, 5}));
  EXPECT_DOUBLE_EQ(snapshot.sum, 6.25);
}

TEST(Counters, NotANumberDoesNotPoisonAHistogram) {
  Histogram histogram(kBounds);
  histogram.observe(std::nan(""));
  histogram.observe(1.0);
  EXPECT_EQ(histogram.snapshot().cumulative.back(), 1U);
  EXPECT_DOUBLE_EQ(histogram.snapshot().sum, 1.0);
}

TEST(Counters, CountUnusualNumbersInAHistogramToo) {
  Histogram histogram(kBounds);
  for (const double value : {-1.0, 0.0, 1e-12, 1e9}) histogram.observe(value);
  EXPECT_EQ(histogram.snapshot().cumulative, (std::vector<std::uint64_t>{3, 3, 4}));
  EXPECT_DOUBLE_EQ(histogram.snapshot().sum, 1e9 - 1.0 + 1e-12);
}

TEST(Counters, StartAtZeroWhereAnotherOnesCountsWere) {
  for (int i = 0; i < 3; ++i) {
    Counter counter;
    Histogram histogram(kBounds);
    EXPECT_EQ(counter.value(), 0U);
    EXPECT_EQ(histogram.snapshot().cumulative.back(), 0U);
    EXPECT_EQ(histogram.snapshot().sum, 0.0);
    counter.add(7);
    std::thread([&] { counter.add(7); }).join();
    histogram.observe(1.0);
  }
}

TEST(Counters, NeverShareACell) {
  auto passing = std::make_unique<std::vector<Counter>>(20);
  std::vector<Counter> counters(80);
  passing.reset();  // leaves a hole, to be filled
  const std::vector<CounterFamily<Colour, 2>> families(15);
  for (Counter& counter : counters) counter.add();
  for (const Counter& counter : counters) EXPECT_EQ(counter.value(), 1U);
  for (const auto& family : families) EXPECT_EQ(family.value(Colour::red) + family.value(Colour::green), 0U);
}

TEST(Counters, RefuseMoreCellsThanThereIsRoomFor) {
  EXPECT_THROW(Cells{kCellsPerThread + 1}, std::length_error);
  const Counter counter;
  EXPECT_THROW(Cells{kCellsPerThread}, std::length_error);
}

TEST(Counters, AreExactOnceTheirThreadsHaveJoined) {
  constexpr int kThreads = 8;
  constexpr int kAdds = 20'000;
  Counter counter;
  HistogramFamily<Colour, 2> family(kBounds);
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    std::uint64_t last = 0;
    while (!done.load()) {
      const std::uint64_t now = counter.value();
      EXPECT_GE(now, last);
      last = now;
      EXPECT_LE(family.at(Colour::red).snapshot().cumulative.back(), std::uint64_t{kThreads} * kAdds);
    }
  });
  on_threads(kThreads, [&] {
    for (int i = 0; i < kAdds; ++i) {
      counter.add();
      family.observe(Colour::red, 1.0);
    }
  });
  done = true;
  scraper.join();
  EXPECT_EQ(counter.value(), std::uint64_t{kThreads} * kAdds);
  EXPECT_EQ(family.at(Colour::red).snapshot().cumulative.back(), std::uint64_t{kThreads} * kAdds);
  EXPECT_DOUBLE_EQ(family.at(Colour::red).snapshot().sum, double{kThreads} * kAdds);
}

TEST(Counters, StayExactWithMoreThreadsThanShards) {
  constexpr int kThreads = 150;
  constexpr int kAdds = 50'000;
  Counter counter;
  Histogram histogram(kBounds);
  on_threads(kThreads, [&] {
    for (int i = 0; i < kAdds; ++i) {
      counter.add();
      histogram.observe(1.0);
    }
  });
  EXPECT_EQ(counter.value(), std::uint64_t{kThreads} * kAdds);
  EXPECT_DOUBLE_EQ(histogram.snapshot().sum, double{kThreads} * kAdds);
}

TEST(Counters, KeepTheCountsOfThreadsThatEnded) {
  Counter counter;
  for (int i = 0; i < 300; ++i) std::thread([&] { counter.add(); }).join();
  EXPECT_EQ(counter.value(), 300U);
}

}  // namespace
}  // namespace ragd::obs
