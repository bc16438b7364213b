// A part of one tenant's index: documents, their chunks, and for every term the chunks that hold it.
//
// Immutable once built, so readers share it without locks. Texts are kept in memory: a passage needs no disk. Segments
// know nothing of deletion; whoever merges them says which documents are dead.
#pragma once

#include "store/document_store.hpp"

#include <ragd/types.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// A word in the title counts as often as this in the chunk; a word in a heading above counts once.
inline constexpr std::uint32_t kTitleWeight = 2;

struct IndexedDocument {
  Document document;
  std::vector<store::ChunkSpan> chunks;
  Metadata metadata;
};

using DocumentPtr = std::shared_ptr<const IndexedDocument>;  // owners: the segments that hold it, old and merged

/// The chunks that hold a term, ascending, and how often each does.
struct Postings {
  std::span<const std::uint32_t> chunks;
  std::span<const std::uint16_t> frequencies;
  /// No chunk here gets a greater part of the term's weight (0..1), as long as Segment::average_length is the average.
  float bound = 0;
};

/// Documents by position in their segment.
using DocumentSet = std::vector<bool>;

class Segment;
class SegmentMerger;
class SegmentWriter;
using SegmentPtr = std::shared_ptr<const Segment>;  // owners: the snapshots that search it

class Segment {
 public:
  /// Ids must be distinct; the order does not matter.
  [[nodiscard]] static SegmentPtr build(std::vector<DocumentPtr> documents);

  struct Source {
    SegmentPtr segment;
    const DocumentSet* dead = nullptr;  ///< null: all live
  };
  /// What is live in the sources, as if built anew, without analysing a word. Live ids must be distinct.
  [[nodiscard]] static SegmentPtr merge(std::span<const Source> sources);

  [[nodiscard]] Postings postings(std::string_view term) const;

  static constexpr std::size_t kNotHere = static_cast<std::size_t>(-1);
  /// The position of the document with this id, or kNotHere.
  [[nodiscard]] std::size_t find(std::string_view id) const;

  [[nodiscard]] std::size_t documents() const { return documents_.size(); }
  [[nodiscard]] std::size_t chunks() const { return chunk_documents_.size(); }
  /// In order of id.
  [[nodiscard]] const IndexedDocument& document(std::size_t position) const { return *documents_[position]; }
  [[nodiscard]] std::uint32_t document_of(std::size_t chunk) const { return chunk_documents_[chunk]; }
  [[nodiscard]] std::uint32_t first_chunk(std::size_t document) const { return first_chunks_[document]; }
  /// In weighted words, title and headings included.
  [[nodiscard]] std::uint32_t length_of(std::size_t chunk) const { return chunk_lengths_[chunk]; }
  /// Of all its chunks, dead ones included.
  [[nodiscard]] double average_length() const { return average_length_; }
  /// Heap bytes, texts included.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  friend class SegmentWriter;
  friend class SegmentMerger;
  Segment() = default;
  [[nodiscard]] std::string_view term(std::size_t position) const;
  [[nodiscard]] Postings postings_at(std::size_t position) const;
  [[nodiscard]] std::size_t terms() const { return term_ends_.size(); }

  std::vector<DocumentPtr> documents_;
  std::vector<std::uint32_t> first_chunks_;  ///< by document, and one past the last
  std::vector<std::uint32_t> chunk_documents_;
  std::vector<std::uint32_t> chunk_lengths_;
  std::string term_bytes_;  ///< all terms, sorted, one after another
  std::vector<std::size_t> term_ends_;
  std::vector<std::size_t> posting_ends_;
  std::vector<std::uint32_t> posting_chunks_;
  std::vector<std::uint16_t> posting_frequencies_;
  std::vector<float> term_bounds_;
  double average_length_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ragd::retrieval
