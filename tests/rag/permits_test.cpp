#include "rag/permits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace ragd::rag {
namespace {

TEST(Permits, RefusesTheOneTooManyAndTakesItBackWhenOneIsReturned) {
  Permits permits(2);
  auto first = permits.try_acquire();
  const auto second = permits.try_acquire();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(permits.try_acquire());
  first.reset();
  EXPECT_EQ(permits.in_use(), 1U);
  EXPECT_TRUE(permits.try_acquire());
}

TEST(Permits, FollowsANewMaximumAndLeavesTheOnesThatAreOut) {
  Permits permits(2);
  const auto first = permits.try_acquire();
  const auto second = permits.try_acquire();
  permits.set_max(1);
  EXPECT_EQ(permits.in_use(), 2U);
  EXPECT_FALSE(permits.try_acquire());
}

TEST(Permits, OutlivesWhatItCameFrom) {
  auto permits = std::make_unique<Permits>(1);
  const auto permit = permits->try_acquire();
  permits.reset();
  EXPECT_TRUE(permit);
}

TEST(Permits, NeverHandsOutMoreThanTheMaximumToManyThreads) {
  Permits permits(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const auto permit = permits.try_acquire();
        if (!permit) continue;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(permits.in_use(), 0U);
}

}  // namespace
}  // namespace ragd::rag
