// The vectors of the chunks of some documents, and the chunks nearest to a query's vector. Immutable; one flat run of
// bytes, the same on disk and in memory, for large segments with a graph (HNSW) beside it.
//
// Thread-safe. Vectors are finite and of unit length, so that the dot product is the cosine: whoever brings them sees
// to it. It knows nothing of deletion: whoever searches says which chunks count. Little-endian machines only.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/document_table.hpp"
#include "retrieval/hnsw_graph.hpp"
#include "retrieval/nearest_chunks.hpp"
#include "retrieval/vectors.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::retrieval {

struct EmbeddedDocument {
  std::string id;
  std::vector<float> vectors;  ///< chunk after chunk, each `dimension` long and of unit length
};

/// From this many chunks on a segment is searched by its graph; below, every vector is compared.
inline constexpr std::size_t kGraphChunks = 50'000;

class VectorSegment;
using VectorSegmentPtr =
    std::shared_ptr<const VectorSegment>;  // owners: the snapshots that search it, and a merge of it

class VectorSegment {
 public:
  VectorSegment(const VectorSegment&) = delete;
  VectorSegment& operator=(const VectorSegment&) = delete;

  /// Ids must be distinct; the order does not matter; the dimension is one at least. Builds the graph where there are
  /// `graph_chunks` or more, which takes its time: not for an event loop. The same documents give the same bytes.
  [[nodiscard]] static VectorSegmentPtr build(std::vector<EmbeddedDocument> documents, std::size_t dimension,
                                              std::size_t graph_chunks = kGraphChunks);

  struct Source {
    VectorSegmentPtr segment;
    const Bitmap* dead = nullptr;  ///< by document; null: all live
  };
  /// What is live in the sources, as if built anew. At least one, all of one dimension; live ids must be distinct.
  [[nodiscard]] static VectorSegmentPtr merge(std::span<const Source> sources, std::size_t graph_chunks = kGraphChunks);

  /// Takes bytes() back, the graph included. An Error (Errc::internal) when they are not a whole segment, never
  /// undefined behaviour.
  [[nodiscard]] static Result<VectorSegmentPtr> from_bytes(std::string bytes);
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

  [[nodiscard]] std::size_t dimension() const { return vectors_.dimension; }
  [[nodiscard]] std::size_t documents() const { return table_.documents(); }
  [[nodiscard]] std::size_t chunks() const { return vectors_.size(); }
  static constexpr std::size_t kNotHere = DocumentTable::kNotHere;
  /// The position of the document with this id, or kNotHere. Positions are in order of id.
  [[nodiscard]] std::size_t find(std::string_view id) const { return table_.find(id); }
  [[nodiscard]] std::string_view id(std::size_t document) const { return table_.id(document); }
  [[nodiscard]] std::uint32_t first_chunk(std::size_t document) const {  ///< of documents(): chunks()
    return table_.first_chunk(document);
  }
  [[nodiscard]] std::uint32_t document_of(std::size_t chunk) const { return table_.document_of(chunk); }
  [[nodiscard]] std::span<const float> vector(std::size_t chunk) const { return vectors_[chunk]; }
  [[nodiscard]] bool has_graph() const { return graph_.has_value(); }

  /// At most `count` of the allowed chunks (null: all), nearest first; ties by chunk. Exact without a graph, and where
  /// so few chunks are allowed that comparing them all costs less than finding them by the graph; else of the nearest
  /// ten more than 98 in 100 are found. Nothing for a query of another dimension.
  [[nodiscard]] std::vector<NearChunk> nearest(std::span<const float> query, std::size_t count,
                                               const Bitmap* allowed) const;

 private:
  struct Header;
  struct Part;

  explicit VectorSegment(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] static VectorSegmentPtr from_parts(std::vector<Part> parts, std::size_t dimension,
                                                   std::size_t graph_chunks);
  /// Points the members at their places in the bytes; false when what is there cannot be a segment.
  [[nodiscard]] bool map();

  std::string bytes_;  ///< allocated, so at a multiple of sixteen
  Vectors vectors_;
  std::optional<HnswGraph> graph_;
  DocumentTable table_;
};

}  // namespace ragd::retrieval
