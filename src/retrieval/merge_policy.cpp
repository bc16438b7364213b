#include "retrieval/merge_policy.hpp"

#include <algorithm>
#include <map>

namespace ragd::retrieval {

namespace {

/// As many numbers of vectors weigh as much as a chunk's words.
constexpr std::size_t kNumbersAChunk = 32;

/// What a merge has to copy; never 0 for what holds anything, so that documents without chunks are counted too.
std::size_t size_of(const SegmentView& view) {
  const std::size_t numbers = view.live_rows * view.segment->vectors().dimension();
  return view.live_chunks + view.live_documents + numbers / kNumbersAChunk;
}

std::size_t tier_of(std::size_t size) {
  std::size_t tier = 0;
  for (; size >= kFanOut; size /= kFanOut) ++tier;
  return tier;
}

bool mostly_dead(const SegmentView& view) {
  return view.live_documents * 2 < view.segment->documents() || view.live_chunks * 2 < view.segment->chunks();
}

/// The smallest ones, as long as they make no segment that is too large.
Merge merge_of(std::vector<SegmentView> tier) {
  std::sort(tier.begin(), tier.end(),
            [](const SegmentView& a, const SegmentView& b) { return size_of(a) < size_of(b); });
  Merge merge;
  for (const SegmentView& view : tier) {
    if (merge.live + size_of(view) > kLargestSegment) break;
    merge.live += size_of(view);
    merge.sources.push_back(view);
  }
  return merge.sources.size() > 1 ? merge : Merge{};
}

}  // namespace

bool Merge::makes_graph() const {
  std::size_t rows = 0;
  for (const SegmentView& view : sources) rows += view.live_rows;
  return rows >= kGraphRows;
}

std::vector<Segment::Source> Merge::to_copy() const {
  std::vector<Segment::Source> copied;
  for (const SegmentView& view : sources) {
    copied.push_back({view.segment, view.graves ? &view.graves->documents() : nullptr});
  }
  return copied;
}

Merge next_merge(std::span<const SegmentView> segments) {
  std::map<std::size_t, std::vector<SegmentView>> tiers;
  for (const SegmentView& view : segments) {
    if (mostly_dead(view)) return {{view}, size_of(view)};
    tiers[tier_of(size_of(view))].push_back(view);
  }
  for (auto& [tier, members] : tiers) {
    if (members.size() < kFanOut) continue;
    if (Merge merge = merge_of(std::move(members)); !merge.sources.empty()) return merge;
  }
  return {};
}

}  // namespace ragd::retrieval
