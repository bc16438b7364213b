// The chunks of a snapshot that are nearest to a query's vector. Stateless, thread-safe.
#pragma once

#include "retrieval/snapshot.hpp"
#include "retrieval/top_chunks.hpp"

#include <ragd/types.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace ragd::retrieval {

/// What nearest_chunks costs at most, in numbers multiplied: without a graph every vector is compared.
[[nodiscard]] std::size_t cost_of_vectors(const Snapshot& snapshot);

/// At most `count` chunks of documents that meet the filter, with a cosine of at least `min_score`, which is also their
/// score. Best first; ties by document id, then chunk. Chunks without vectors are not found.
[[nodiscard]] std::vector<RankedChunk> nearest_chunks(const Snapshot& snapshot, std::span<const float> query,
                                                      std::size_t count, double min_score, const Filter& filter);

}  // namespace ragd::retrieval
