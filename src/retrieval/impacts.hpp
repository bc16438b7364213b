// The pairs of a full block that dominate all of its postings. Stateless, thread-safe.
#pragma once

#include "retrieval/postings.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace ragd::retrieval {

/// Unused pairs, behind the used ones, are zero. The same block always gets the same pairs. `lengths` is by holder.
[[nodiscard]] std::array<Impact, 4> block_impacts(std::span<const Posting, kBlockSize> block,
                                                  std::span<const std::uint16_t> lengths);

}  // namespace ragd::retrieval
