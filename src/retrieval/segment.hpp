// A part of one tenant's index: documents by id, their chunks' lengths, for every word the chunks that hold it, for
// every metadata value the documents that have it, and vectors where there are some already. One flat run of bytes, the
// same on disk and in memory.
//
// Immutable, so readers share it without locks. It knows nothing of deletion and holds no text. Little-endian machines
// only.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/dictionary.hpp"
#include "retrieval/segment_vectors.hpp"
#include "store/stored_document.hpp"

#include <ragd/embedder.hpp>
#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::retrieval {

/// A word in the title counts as often as this in the chunk; a word in a heading above counts once.
inline constexpr std::uint32_t kTitleWeight = 2;

/// Greater ones (of titles thousands of words long) count as this.
inline constexpr std::uint16_t kMaxChunkLength = 65'535;

struct SegmentDraft;
class Segment;
using SegmentPtr = std::shared_ptr<const Segment>;  // owners: the snapshots that search it, and a merge of it

struct IndexedDocument {
  const store::StoredDocument* stored = nullptr;
  Metadata metadata;                             ///< sorted by field
  const std::vector<Vector>* vectors = nullptr;  ///< one a chunk; null: none yet
};

/// Any that a stored segment has.
inline constexpr std::uint64_t kAnyVectors = ~std::uint64_t{0};

struct MergeOptions {
  std::size_t graph_rows = kGraphRows;  ///< as many vectors get a graph
  std::stop_token stop{};
};

class Segment {
 public:
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  /// Analyses and counts. Ids must be distinct; the order does not matter. `tag`: of the vectors, where there are some.
  [[nodiscard]] static SegmentPtr build(std::vector<IndexedDocument> documents, std::uint64_t tag = 0);

  struct Source {
    SegmentPtr segment;
    const Bitmap* dead = nullptr;  ///< by document; null: all live
  };
  /// What is live in the sources, as if built anew, without analysing a word. Live ids must be distinct. Vectors unlike
  /// those of the last source that has some are left out. Null: stopped.
  [[nodiscard]] static SegmentPtr merge(std::span<const Source> sources, const MergeOptions& options = {});

  /// Takes bytes() back. Vectors of another tag are as good as none. An Error (Errc::internal) when they are not a
  /// whole segment, never undefined behaviour.
  [[nodiscard]] static Result<SegmentPtr> from_bytes(std::string bytes, std::uint64_t vectors = kAnyVectors);
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

  [[nodiscard]] std::size_t documents() const { return id_ends_.size(); }
  [[nodiscard]] std::size_t chunks() const { return lengths_.size(); }
  static constexpr std::size_t kNotHere = static_cast<std::size_t>(-1);
  /// The position of the document with this id, or kNotHere. Positions are in order of id.
  [[nodiscard]] std::size_t find(std::string_view id) const;
  [[nodiscard]] std::string_view id(std::size_t document) const;
  [[nodiscard]] std::uint32_t first_chunk(std::size_t document) const {  ///< of documents(): chunks()
    return first_chunks_[document];
  }
  [[nodiscard]] std::uint32_t document_of(std::size_t chunk) const;
  /// By chunk: weighted words, title and headings included.
  [[nodiscard]] std::span<const std::uint16_t> lengths() const { return lengths_; }
  [[nodiscard]] std::uint64_t total_length() const { return total_length_; }
  [[nodiscard]] const Dictionary& words() const { return words_; }    ///< holders are chunks
  [[nodiscard]] const Dictionary& values() const { return values_; }  ///< holders are documents; see metadata_values
  [[nodiscard]] const SegmentVectors& vectors() const { return vectors_; }

 private:
  struct Header;

  explicit Segment(std::string bytes) : bytes_(std::move(bytes)) {}
  /// Gives the draft and the writers up. The draft's lengths are the first writer's.
  [[nodiscard]] static SegmentPtr from_draft(SegmentDraft& draft, DictionaryWriter& words, DictionaryWriter& values,
                                             const MergeOptions& options);
  /// Points the members at their places in the bytes.
  void map(const Header& header, const Dictionary& words, const Dictionary& values);
  /// Whether what lies there can be a segment; the dictionaries have been checked.
  [[nodiscard]] bool check() const;

  std::string bytes_;  ///< allocated, so at a multiple of eight
  std::span<const std::uint32_t> first_chunks_;
  std::span<const std::uint32_t> id_ends_;
  std::string_view ids_;
  std::span<const std::uint16_t> lengths_;
  std::uint64_t total_length_ = 0;
  Dictionary words_;
  Dictionary values_;
  SegmentVectors vectors_;
};

}  // namespace ragd::retrieval
