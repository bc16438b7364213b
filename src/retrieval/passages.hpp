// From a ranking to the passages that are returned: read from the store, as far as passage_choice needs them.
//
// Stateless, thread-safe.
#pragma once

#include "retrieval/passage_choice.hpp"
#include "retrieval/top_chunks.hpp"
#include "store/view.hpp"

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ragd::retrieval {

/// Null: not all of it is in memory. `ranked`: best first.
[[nodiscard]] Result<std::optional<std::vector<Passage>>> read_passages(const store::View& view,
                                                                        const std::string& tenant,
                                                                        const std::vector<RankedChunk>& ranked,
                                                                        const PassagePolicy& policy,
                                                                        store::ReadFrom from);

}  // namespace ragd::retrieval
