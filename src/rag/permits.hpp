// How many questions may be worked on at once. Thread-safe, never waits: without a free permit the answer is no.
//
// A permit gives itself back when it dies, even after the Permits it came from.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace ragd::rag {

class Permit {
 public:
  explicit Permit(std::shared_ptr<std::atomic<std::size_t>> in_use) : in_use_(std::move(in_use)) {}
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) = delete;
  ~Permit() {
    if (in_use_) in_use_->fetch_sub(1);
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> in_use_;  // owners: Permits and each permit out
};

class Permits {
 public:
  explicit Permits(std::size_t max) : max_(max) {}

  [[nodiscard]] std::optional<Permit> try_acquire() {
    std::size_t now = in_use_->load();
    do {
      if (now >= max_.load(std::memory_order_relaxed)) return std::nullopt;
    } while (!in_use_->compare_exchange_weak(now, now + 1));
    return Permit(in_use_);
  }

  /// Takes effect with the next question; permits that are out stay out.
  void set_max(std::size_t max) { max_.store(max, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t max() const { return max_.load(std::memory_order_relaxed); }
  /// Zero once nothing is being worked on: what a drain waits for.
  [[nodiscard]] std::size_t in_use() const { return in_use_->load(); }

 private:
  std::shared_ptr<std::atomic<std::size_t>> in_use_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> max_;
};

}  // namespace ragd::rag
