// The current immutable value of something, replaced whole by a writer while readers go on with the one they took.
//
// Thread-safe. A load holds the lock for one reference count, a glance for what it looks at. Not
// std::atomic<std::shared_ptr>: libstdc++ 12 unlocks its own spin bit with relaxed order after a load, which the memory
// model (and TSan) call a race.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace ragd::base {

template <class T>
class Published {
 public:
  using Pointer = std::shared_ptr<const T>;  // owners: this cell and every reader of the value

  Published() = default;
  explicit Published(Pointer value) : value_(std::move(value)) {}

  [[nodiscard]] Pointer load() const {
    const Guard guard(busy_);
    return value_;
  }

  /// What `look` makes of the value (null before the first) while the lock is held: for a glance that is shorter than
  /// two reference counts.
  template <class Look>
  [[nodiscard]] auto glance(Look look) const {
    const Guard guard(busy_);
    return look(value_.get());
  }

  void store(Pointer value) {
    {
      const Guard guard(busy_);
      value_.swap(value);
    }
    // The old value dies here, outside the lock.
  }

 private:
  class Guard {
   public:
    explicit Guard(std::atomic_flag& flag) : flag_(flag) {
      while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true, std::memory_order_relaxed);
    }
    ~Guard() {
      flag_.clear(std::memory_order_release);
      flag_.notify_one();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::atomic_flag& flag_;
  };

  mutable std::atomic_flag busy_;
  Pointer value_;
};

}  // namespace ragd::base
