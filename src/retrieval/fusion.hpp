// Two rankings of the same chunks, by words and by meaning, made one.
//
// Stateless, thread-safe.
#pragma once

#include <ragd/settings.hpp>

#include <cstddef>
#include <vector>

namespace ragd::retrieval {

struct FusedChunk {
  std::size_t chunk = 0;  ///< the caller's number for it
  double score = 0;       ///< 0..1
};

struct Candidate {
  std::size_t chunk = 0;
  double score = 0;
};

/// Both rankings best first, each chunk once in each; `weight` is the vectors' share, 0..1. A ranking gives its share
/// to its best chunk, by scores nothing to its least, and nothing to chunks it did not find. One without weight is left
/// out: its chunks do not appear. Best first, ties by chunk; at most `count`.
[[nodiscard]] std::vector<FusedChunk> fuse(const std::vector<Candidate>& lexical, const std::vector<Candidate>& vectors,
                                           Fusion how, double weight, std::size_t count);

}  // namespace ragd::retrieval
