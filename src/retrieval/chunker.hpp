// Text -> the chunks that are indexed, scored and cited: whole sections where they are short, else runs of paragraphs
// or sentences.
//
// Stateless, thread-safe, linear time. Chunks are in order, never overlap and together cover everything but white
// space. A sentence or a fenced code block is split only when it alone is longer than kMaxChunkBytes.
#pragma once

#include "store/document_store.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// No chunk is longer.
inline constexpr std::size_t kMaxChunkBytes = 2000;
/// Where a section does not fit one chunk, its chunks grow up to this.
inline constexpr std::size_t kTargetChunkBytes = 1000;
/// A heading begins a new chunk unless what stands before it is shorter: a page of headings is not a page of chunks.
inline constexpr std::size_t kMinSectionBytes = 120;

/// Changes whenever chunk_text would cut the same text differently.
inline constexpr std::string_view kChunkerTag = "sections-1";

/// The text must be valid UTF-8. Headings are paths: "Guide > Install".
[[nodiscard]] std::vector<store::ChunkSpan> chunk_text(std::string_view text);

}  // namespace ragd::retrieval
