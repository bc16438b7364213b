// The vectors of the chunks of some documents, and the chunks nearest to a query's vector. Immutable; one flat run of
// bytes, the same on disk and in memory, for large segments with a graph (HNSW) beside it.
//
// Thread-safe. Vectors are of unit length, so that the dot product is the cosine. It knows nothing of deletion: whoever
// searches says which chunks count. Little-endian machines only.
#pragma once

#include "retrieval/bitmap.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

struct EmbeddedDocument {
  std::string id;
  std::vector<float> vectors;  ///< chunk after chunk, each `dimension` long and of unit length
};

/// From this many chunks on a segment is searched by its graph; below, every vector is compared.
inline constexpr std::size_t kGraphChunks = 50'000;

struct NearChunk {
  float similarity = 0;  ///< cosine
  std::uint32_t chunk = 0;
};

class VectorSegment;
using VectorSegmentPtr =
    std::shared_ptr<const VectorSegment>;  // owners: the snapshots that search it, and a merge of it

class VectorSegment {
 public:
  /// Ids must be distinct; the order does not matter. Builds the graph where there are kGraphChunks or more, which
  /// takes its time: not for an event loop.
  [[nodiscard]] static VectorSegmentPtr build(std::vector<EmbeddedDocument> documents, std::size_t dimension);

  struct Source {
    VectorSegmentPtr segment;
    const Bitmap* dead = nullptr;  ///< by document; null: all live
  };
  /// What is live in the sources, all of one dimension.
  [[nodiscard]] static VectorSegmentPtr merge(std::span<const Source> sources);

  /// Takes bytes() back, the graph included. An Error (Errc::internal) when they are not a whole segment.
  [[nodiscard]] static Result<VectorSegmentPtr> from_bytes(std::string bytes);
  [[nodiscard]] std::string_view bytes() const;

  [[nodiscard]] std::size_t dimension() const;
  [[nodiscard]] std::size_t documents() const;
  [[nodiscard]] std::size_t chunks() const;
  static constexpr std::size_t kNotHere = static_cast<std::size_t>(-1);
  [[nodiscard]] std::size_t find(std::string_view id) const;
  [[nodiscard]] std::string_view id(std::size_t document) const;
  [[nodiscard]] std::uint32_t first_chunk(std::size_t document) const;
  [[nodiscard]] std::uint32_t document_of(std::size_t chunk) const;
  [[nodiscard]] std::span<const float> vector(std::size_t chunk) const;
  [[nodiscard]] bool has_graph() const;

  /// At most `count` of the allowed chunks (null: all), nearest first; ties by chunk. Exact without a graph, and where
  /// few chunks are allowed; else a search of the graph that looks at more candidates the fewer are allowed.
  [[nodiscard]] std::vector<NearChunk> nearest(std::span<const float> query, std::size_t count,
                                               const Bitmap* allowed) const;

 private:
};

}  // namespace ragd::retrieval
