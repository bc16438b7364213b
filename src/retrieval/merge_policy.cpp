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
Merge merge_of(std::vector<SegmentView> members) {
  std::sort(members.begin(), members.end(),
            [](const SegmentView& a, const SegmentView& b) { return size_of(a) < size_of(b); });
  Merge merge;
  for (const SegmentView& view : members) {
    if (merge.live + size_of(view) > kLargestSegment) break;
    merge.live += size_of(view);
    merge.sources.push_back(view);
  }
  std::sort(merge.sources.begin(), merge.sources.end(),
            [](const SegmentView& a, const SegmentView& b) { return a.number < b.number; });
  return merge.sources.size() > 1 ? merge : Merge{};
}

Merge merge_for_graph(std::span<const SegmentView> segments) {
  std::vector<SegmentView> without;
  for (const SegmentView& view : segments) {
    if (view.live_rows > 0 && !view.segment->vectors().has_graph()) without.push_back(view);
  }
  Merge merge = merge_of(std::move(without));
  return merge.makes_graph() ? merge : Merge{};
}

bool is_allowed(const Merge& merge, const MergeLimits& limits) {
  return !merge.sources.empty() && merge.live <= limits.largest && (limits.graph || !merge.makes_graph());
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

Merge next_merge(std::span<const SegmentView> segments, const MergeLimits& limits) {
  std::map<std::size_t, std::vector<SegmentView>> tiers;
  for (const SegmentView& view : segments) {
    if (!mostly_dead(view)) {
      tiers[tier_of(size_of(view))].push_back(view);
    } else if (Merge alone{{view}, size_of(view)}; is_allowed(alone, limits)) {
      return alone;
    }
  }
  for (auto& [tier, members] : tiers) {
    if (members.size() < kFanOut) continue;
    if (Merge merge = merge_of(std::move(members)); is_allowed(merge, limits)) return merge;
  }
  Merge merge = merge_for_graph(segments);
  return is_allowed(merge, limits) ? merge : Merge{};
}

}  // namespace ragd::retrieval
