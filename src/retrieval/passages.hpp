// From a ranking to the passages that are returned: read from the store, near-duplicates left out, and, where asked
// for, ordered so that they also differ from each other.
//
// Stateless, thread-safe.
#pragma once

#include "retrieval/top_chunks.hpp"
#include "store/view.hpp"

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ragd::retrieval {

struct PassagePolicy {
  std::size_t top_k = 5;
  bool collapse = true;  ///< a passage that resembles a better one by kDuplicate or more is left out
  double diversity = 0;  ///< 0: by score alone; up to 1: maximal marginal relevance (Carbonell and Goldstein 1998)
};

inline constexpr double kDuplicate = 0.8;

/// How many chunks to rank so that top_k passages are likely to be left.
[[nodiscard]] std::size_t chunks_to_rank(const PassagePolicy& policy);

/// Null: not all of it is in memory. `ranked`: best first.
[[nodiscard]] Result<std::optional<std::vector<Passage>>> read_passages(const store::View& view,
                                                                        const std::string& tenant,
                                                                        const std::vector<RankedChunk>& ranked,
                                                                        const PassagePolicy& policy,
                                                                        store::ReadFrom from);

}  // namespace ragd::retrieval
