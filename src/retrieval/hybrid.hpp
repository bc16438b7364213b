// A search by words and by meaning as one: both rankings of one snapshot, fused. Stateless, thread-safe.
#pragma once

#include "retrieval/fusion.hpp"
#include "retrieval/top_chunks.hpp"

#include <cstddef>
#include <vector>

namespace ragd::retrieval {

/// Each side looks at this many at least: what one puts far down the other may put on top.
inline constexpr std::size_t kFusedCandidates = 100;

/// Both best first. At most `count`, best first; ties by document id, then chunk. `weight`: the vectors' share.
[[nodiscard]] std::vector<RankedChunk> fuse_chunks(const std::vector<RankedChunk>& lexical,
                                                   const std::vector<RankedChunk>& vectors, Fusion how, double weight,
                                                   std::size_t count);

}  // namespace ragd::retrieval
