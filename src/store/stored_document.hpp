// A document with the chunks it was cut into, as it is stored. Plain values.
#pragma once

#include <ragd/types.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ragd::store {

/// Where a chunk lies in its document's text, as the chunker decided when the document was written.
struct ChunkSpan {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string heading;
};

/// Chunks are in order and do not overlap; what they leave out of the text is white space.
struct StoredDocument {
  Document document;
  std::vector<ChunkSpan> chunks;
};

}  // namespace ragd::store
