// How alike two passages are: the resemblance (Jaccard index) of their sets of word runs, after Broder 1997.
//
// Immutable, thread-safe, linear in the text. Words are runs of ASCII letters, digits and non-ASCII bytes, compared
// without ASCII case; their hashes are compared, not the words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

class Shingles {
 public:
  /// Runs of `width` words; a shorter text is one run.
  Shingles(std::string_view text, std::size_t width);

  /// 0: nothing in common, 1: the same.
  [[nodiscard]] double resemblance(const Shingles& other) const;

 private:
  std::vector<std::uint64_t> hashes_;  ///< ascending, distinct
};

}  // namespace ragd::retrieval
