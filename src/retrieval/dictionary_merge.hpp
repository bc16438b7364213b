// Several dictionaries as one, under new numbers for those who hold their terms. Stateless, thread-safe.
#pragma once

#include "retrieval/dictionary.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ragd::retrieval {

inline constexpr std::uint32_t kDead = std::numeric_limits<std::uint32_t>::max();

struct DictionarySource {
  const Dictionary* dictionary = nullptr;
  std::vector<std::uint32_t> renumbered;  ///< by old holder: the new one, or kDead; the new ones ascend
};

/// Terms that nobody holds any more are left out. `holders`: all new numbers are below.
void merge_dictionaries(std::span<const DictionarySource> sources, std::size_t holders, DictionaryWriter& writer);

}  // namespace ragd::retrieval
