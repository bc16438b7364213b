// Where sentences and paragraphs begin and end. Stateless, thread-safe; English abbreviations, initials, decimals
// and headings are respected, nothing is ever split inside a code point.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace ragd::base {

/// A byte range of the text that was asked about.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Sentences in order, trimmed of white space; together they cover everything but white space.
[[nodiscard]] std::vector<Span> split_sentences(std::string_view text);

/// Blocks separated by blank lines, in order, trimmed; likewise complete.
[[nodiscard]] std::vector<Span> split_paragraphs(std::string_view text);

/// The length of a reference mark like "[12]", "[3, 4]" or "[1–3]" that begins the text, else 0.
[[nodiscard]] std::size_t reference_mark_length(std::string_view text);

}  // namespace ragd::base
