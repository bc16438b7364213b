// Text -> index terms: Unicode words, NFKC + case fold, stop words dropped, English Snowball stems.
//
// Thread-safe: stemmers are kept per thread, with the stems of words seen lately, and none is held between calls. It
// refuses to guess languages: English rules apply to all text, other scripts pass through folded (CJK runs are cut into
// overlapping bigrams).
#pragma once

#include "base/words.hpp"

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

/// Terms one by one, in order of appearance: what analyze gives, without a string for each. Not thread-safe, one
/// scanner a text, which must outlive it.
class TermScanner {
 public:
  TermScanner(std::string_view text, TermUse use) : text_(text), use_(use), words_(text) {}

  /// Moves to the next term; false at the end of the text.
  bool next();

  [[nodiscard]] const std::string& stem() const { return stem_; }
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  void take_bigram();
  [[nodiscard]] std::size_t character_end(std::size_t at) const;

  std::string_view text_;
  TermUse use_;
  WordScanner words_;
  std::string stem_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t next_bigram_ = 0;  ///< where it begins; run_end_ and beyond: there is none
  std::size_t run_end_ = 0;
};

/// Terms in order of appearance. The input must be valid UTF-8. A query of dropped words alone has no terms: falling
/// back on them would find every document and answer nothing.
[[nodiscard]] std::vector<Term> analyze(std::string_view text, TermUse use);

/// Changes whenever analyze would give different terms for the same text.
inline constexpr std::string_view kAnalyzerTag = "en-snowball-1";

}  // namespace ragd::base
