// The best of the chunks offered, as many as wanted. Belongs to one query on one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ragd::retrieval {

struct NearChunk {
  float similarity = 0;  ///< cosine
  std::uint32_t chunk = 0;
};

/// The order of results: ties by chunk.
[[nodiscard]] inline bool nearer(const NearChunk& a, const NearChunk& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.chunk < b.chunk;
}

class NearestChunks {
 public:
  /// At least one.
  explicit NearestChunks(std::size_t wanted) : wanted_(wanted) {}

  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] bool would_take(const NearChunk& chunk) const {
    return heap_.size() < wanted_ || nearer(chunk, heap_.front());
  }
  /// Returns whether it is among the best so far.
  bool offer(const NearChunk& chunk) {
    if (!would_take(chunk)) return false;
    if (heap_.size() == wanted_) {
      std::pop_heap(heap_.begin(), heap_.end(), nearer);
      heap_.pop_back();
    }
    heap_.push_back(chunk);
    std::push_heap(heap_.begin(), heap_.end(), nearer);
    return true;
  }

  /// The first `count`, nearest first. Not by std::sort, which a similarity that is no number would lead astray.
  [[nodiscard]] std::vector<NearChunk> sorted(std::size_t count) && {
    std::sort_heap(heap_.begin(), heap_.end(), nearer);
    heap_.resize(std::min(count, heap_.size()));
    return std::move(heap_);
  }

 private:
  std::size_t wanted_;
  std::vector<NearChunk> heap_;  ///< the farthest on top
};

}  // namespace ragd::retrieval
