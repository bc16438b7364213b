#include "retrieval/vector_search.hpp"

#include "retrieval/allowed_chunks.hpp"

#include <algorithm>

namespace ragd::retrieval {

namespace {

/// Of one comparison made by way of a graph, beside one made in a row; and how many it takes, about.
constexpr std::size_t kGraphComparisons = 8'192;

}  // namespace

std::size_t cost_of_vectors(const Snapshot& snapshot) {
  std::size_t cost = 0;
  for (const SegmentView& view : snapshot.segments()) {
    const SegmentVectors& vectors = view.segment->vectors();
    const std::size_t compared = vectors.has_graph() ? std::min(kGraphComparisons, vectors.rows()) : vectors.rows();
    cost += compared * vectors.dimension();
  }
  return cost;
}

std::vector<RankedChunk> nearest_chunks(const Snapshot& snapshot, std::span<const float> query, std::size_t count,
                                        double min_score, const Filter& filter) {
  std::vector<RankedChunk> all;
  for (const SegmentView& view : snapshot.segments()) {
    const SegmentVectors& vectors = view.segment->vectors();
    if (vectors.rows() == 0) continue;
    Bitmap room;
    for (const NearChunk& near : vectors.nearest(query, count, allowed_in(view, filter, room))) {
      if (double{near.similarity} >= min_score) all.push_back({near.similarity, view.segment.get(), near.chunk});
    }
  }
  std::sort(all.begin(), all.end(), ranks_before);
  if (all.size() > count) all.resize(count);
  return all;
}

}  // namespace ragd::retrieval
