// Runs a few threads one step at a time in an order drawn from a seed, a step being one access to a shared word.
//
// The order follows Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (2010):
// the thread of the highest priority runs alone, and at a few random steps its priority falls below all others. A
// thread that waits for another would run forever, so a run also shows that nobody waits.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

namespace ragd::limit {

class Interleaving {
 public:
  static constexpr std::size_t kExpectedSteps = 150;    // about what three threads need together
  static constexpr std::size_t kTooManySteps = 20'000;  // nobody needs as many: someone waits

  Interleaving(std::uint64_t seed, std::size_t switches) : random_(seed) {
    std::uniform_int_distribution<std::size_t> step(1, kExpectedSteps);
    for (std::size_t i = 0; i < switches; ++i) switch_at_.push_back(step(random_));
  }

  /// Ends the program if a thread comes to no end.
  void run(const std::vector<std::function<void()>>& bodies) {
    order_.clear();
    for (std::size_t i = 0; i < bodies.size(); ++i) order_.push_back(i);
    std::shuffle(order_.begin(), order_.end(), random_);
    turns_ = std::vector<Turn>(bodies.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      threads.emplace_back([this, i, &bodies] {
        turns_[i].may_run.acquire();
        current_ = this;
        bodies[i]();
        current_ = nullptr;
        order_.erase(order_.begin());
        if (!order_.empty()) turns_[order_.front()].may_run.release();
      });
    }
    turns_[order_.front()].may_run.release();
    for (std::thread& thread : threads) thread.join();
  }

  /// Called before each access to a shared word.
  static void step() {
    if (current_ != nullptr) current_->count_step();
  }

 private:
  struct Turn {
    std::binary_semaphore may_run{0};
    Turn() = default;
    Turn(Turn&&) noexcept {}
  };

  void count_step() {
    ++steps_;
    if (steps_ == kTooManySteps) {
      std::fprintf(stderr, "a thread waits for another\n");
      std::abort();
    }
    if (std::find(switch_at_.begin(), switch_at_.end(), steps_) == switch_at_.end()) return;
    const std::size_t self = order_.front();
    std::rotate(order_.begin(), order_.begin() + 1, order_.end());
    if (order_.front() == self) return;
    turns_[order_.front()].may_run.release();
    turns_[self].may_run.acquire();
  }

  static inline thread_local Interleaving* current_ = nullptr;

  std::mt19937_64 random_;
  std::vector<std::size_t> switch_at_;
  std::vector<std::size_t> order_;  // threads not finished, the running one first; touched by it alone
  std::vector<Turn> turns_;
  std::size_t steps_ = 0;
};

/// std::atomic<std::uint64_t> as far as the table uses it, with a step before each access.
class SteppedWord {
 public:
  [[nodiscard]] std::uint64_t load() const {
    Interleaving::step();
    return value_.load();
  }
  void store(std::uint64_t value) {
    Interleaving::step();
    value_.store(value);
  }
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired) {
    Interleaving::step();
    return value_.compare_exchange_strong(expected, desired);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace ragd::limit
