// Documents for the index without a store or a chunker: one chunk a line.
#pragma once

#include "retrieval/metadata_filter.hpp"
#include "retrieval/snapshot.hpp"

#include <memory>
#include <string>

namespace ragd::retrieval {

inline DocumentPtr make_document(const std::string& id, const std::string& text, const std::string& title = {},
                                 const std::string& metadata = "{}") {
  auto indexed = std::make_shared<IndexedDocument>();
  indexed->document = {id, text, title, "source of " + id, metadata};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    indexed->chunks.push_back({begin, end, ""});
    begin = end + 1;
  }
  indexed->metadata = *parse_metadata(metadata);
  return indexed;
}

}  // namespace ragd::retrieval
