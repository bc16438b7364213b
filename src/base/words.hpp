// Cuts text into words: a practical subset of UAX #29 with a fast path for ASCII. Not thread-safe, one scanner a text;
// it allocates nothing but its own word buffer.
//
// Letters, marks and digits make words. Inside a word stay: an apostrophe between letters, a point between digits
// ("3.5", "10.0.0.1"), the points of "U.S.A." (dropped), a comma before groups of three digits (dropped). Hyphens,
// underscores and everything else separate. CJK comes out as whole runs, for the caller to cut.
#pragma once

#include "base/code_points.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ragd::base {

/// Scripts written without spaces that are indexed by bigrams: Han, kana, Hangul.
[[nodiscard]] constexpr bool is_cjk(char32_t c) {
  return (c >= 0x3005 && c <= 0x3007) || (c >= 0x3021 && c <= 0x3029) || (c >= 0x3041 && c <= 0x3096) ||
         (c >= 0x309D && c <= 0x309F) || (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x30FC && c <= 0x30FF) ||
         (c >= 0x31F0 && c <= 0x31FF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF66 && c <= 0xFF9F) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

[[nodiscard]] inline bool is_mark(char32_t c) {
  const auto category = c < 0x300 ? UTF8PROC_CATEGORY_CN : category_of(c);
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

class WordScanner {
 public:
  explicit WordScanner(std::string_view text) : text_(text) {}

  /// Moves to the next word; false at the end of the text.
  bool next();

  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return end_; }
  /// The word in comparable form: ASCII lower case, NFKC with case folding where anything is not ASCII. Empty for CJK.
  [[nodiscard]] const std::string& folded() const { return word_; }
  [[nodiscard]] bool is_cjk_run() const { return cjk_; }

 private:
  void scan_word();
  void scan_cjk();
  void take_ascii();
  /// Takes what stands at end_ (no ASCII letter, no digit) into the word if it may follow there.
  bool extend();
  bool extend_over_connector(char32_t connector, std::size_t length);
  bool extend_over_code_point(CodePoint c);
  [[nodiscard]] bool follows_single_letter() const;

  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string word_;
  bool ascii_ = true;
  bool cjk_ = false;
  std::size_t segment_ = 0;  ///< where in word_ the letters since the last point of an acronym begin
};

}  // namespace ragd::base
