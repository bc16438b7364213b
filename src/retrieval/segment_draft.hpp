// What build and merge collect of a segment before it is laid out as one run of bytes (Segment::from_draft).
//
// Belongs to one caller.
#pragma once

#include "retrieval/segment_vectors.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

struct SegmentDraft {
  std::vector<std::uint32_t> first_chunks = {0};  ///< by document, and one past the last
  std::vector<std::uint32_t> id_ends;
  std::string ids;
  std::vector<std::uint16_t> lengths;  ///< by chunk
  SegmentVectorsDraft vectors;

  /// In ascending order of id. Throws std::length_error where positions would not fit.
  void add_document(std::string_view id, std::size_t chunks) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
    ids += id;
    const std::size_t end = first_chunks.back() + chunks;
    if (end > kMost || ids.size() > kMost || id_ends.size() == kMost) {
      throw std::length_error("too many documents for one segment");
    }
    id_ends.push_back(static_cast<std::uint32_t>(ids.size()));
    first_chunks.push_back(static_cast<std::uint32_t>(end));
  }
};

}  // namespace ragd::retrieval
