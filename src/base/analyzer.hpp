// Text -> index terms: Unicode words, NFKC + case fold, stop words dropped, English Snowball stems.
//
// Thread-safe: stemmers are pooled per thread, none is held between calls. It refuses to guess languages: English
// rules apply to all text, other scripts pass through folded (CJK runs are cut into overlapping bigrams).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::base {

struct Term {
  std::string stem;
  std::size_t begin = 0;  ///< byte range of the word in the input
  std::size_t end = 0;
};

enum class TermUse : unsigned char {
  document,  ///< stop words dropped
  query,     ///< stop words and question words ("what", "which", "how", ...) dropped
};

/// Terms in order of appearance. The input must be valid UTF-8. A query of dropped words alone has no terms: falling
/// back on them would find every document and answer nothing.
[[nodiscard]] std::vector<Term> analyze(std::string_view text, TermUse use);

/// Changes whenever analyze would give different terms for the same text.
inline constexpr std::string_view kAnalyzerTag = "en-snowball-1";

}  // namespace ragd::base
