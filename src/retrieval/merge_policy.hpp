// Which segments to merge next. Stateless, thread-safe.
//
// Segments lie in tiers by what is live in them, each tier kFanOut times as large as the one below: n documents written
// one by one are copied once a tier, and a query looks into at most kFanOut - 1 segments a tier.
#pragma once

#include "retrieval/snapshot.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace ragd::retrieval {

inline constexpr std::size_t kFanOut = 8;
/// A merge of no more than this is done by the write that makes it necessary; a larger one must not hold writes up.
inline constexpr std::size_t kSmallMerge = 4096;
/// Nothing larger is made: two of these are not worth an hour of copying.
inline constexpr std::size_t kLargestSegment = 8U << 20;

struct Merge {
  std::vector<SegmentView> sources;  ///< one: it is mostly dead and written anew
  std::size_t live = 0;              ///< chunks and documents to copy, vectors weighed as such

  /// Takes minutes, then.
  [[nodiscard]] bool makes_graph() const;

  [[nodiscard]] std::vector<Segment::Source> to_copy() const;
};

/// The cheapest one that is due; no sources: none.
[[nodiscard]] Merge next_merge(std::span<const SegmentView> segments);

}  // namespace ragd::retrieval
