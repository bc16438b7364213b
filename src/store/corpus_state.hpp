// What one tenant has in a store or in a copy of it. Plain data.
#pragma once

#include <cstdint>
#include <string>

namespace ragd::store {

struct CorpusState {
  std::string tenant;
  std::string version;
  std::uint64_t documents = 0;
};

}  // namespace ragd::store
