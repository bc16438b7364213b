// Fills a Segment in its final order: documents first, then term after term, each with its postings ascending.
//
// Belongs to one caller. Calling out of order is a bug, not checked.
#pragma once

#include "retrieval/segment.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

class SegmentWriter {
 public:
  /// Documents in order of id.
  explicit SegmentWriter(std::vector<DocumentPtr> documents);

  void set_length(std::size_t chunk, std::uint32_t length) { segment_->chunk_lengths_[chunk] = length; }
  void add_posting(std::uint32_t chunk, std::uint16_t frequency);
  /// The postings added since the last call are this term's.
  void end_term(std::string_view term);
  [[nodiscard]] SegmentPtr finish();

  /// The documents and chunks so far; no terms yet.
  [[nodiscard]] const Segment& segment() const { return *segment_; }

 private:
  void bound_terms();

  std::shared_ptr<Segment> segment_;  // owner: this writer, until finish hands it on
};

}  // namespace ragd::retrieval
