// How many writes may wait or be under way at once: a batch holds megabytes, and a client that gets no place comes
// back.
//
// Thread-safe; never blocks. A turn gives its place back when it dies and must not outlive the WriteTurns it is from.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace ragd::retrieval {

class WriteTurns {
 public:
  struct GiveBack {
    void operator()(std::atomic<std::size_t>* taken) const { taken->fetch_sub(1); }
  };
  using Turn = std::unique_ptr<std::atomic<std::size_t>, GiveBack>;

  explicit WriteTurns(std::size_t places) : places_(places) {}

  /// Null when all places are taken.
  [[nodiscard]] Turn take() {
    const bool free = taken_.fetch_add(1) < places_;
    Turn turn(&taken_);
    return free ? std::move(turn) : nullptr;
  }

 private:
  const std::size_t places_;
  std::atomic<std::size_t> taken_{0};
};

}  // namespace ragd::retrieval
