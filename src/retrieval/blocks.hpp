// Plain text and Markdown seen as a row of blocks: headings (ATX and setext), fenced code, paragraphs.
//
// Stateless, thread-safe, one pass over the lines whatever they are. It refuses to be a Markdown parser: lists, tables
// and quotes are paragraphs, and an unclosed fence runs to the end of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

enum class BlockKind : std::uint8_t { paragraph, code, heading };

struct Block {
  std::size_t begin = 0;  ///< without white space at either end; blocks cover everything but white space
  std::size_t end = 0;
  BlockKind kind = BlockKind::paragraph;
  unsigned level = 0;  ///< of a heading: 1..6
  std::string title;   ///< of a heading: without its markup, cut to kMaxTitleBytes
};

/// A heading is repeated in every chunk below it: its length must not multiply a document's size.
inline constexpr std::size_t kMaxTitleBytes = 120;

[[nodiscard]] std::vector<Block> split_blocks(std::string_view text);

}  // namespace ragd::retrieval
