// The vectors of a segment's chunks, as a part of its bytes: of all its documents, of some or of none. Where there are
// many a graph (HNSW) lies beside them.
//
// A view: thread-safe, must not outlive the bytes. Vectors are finite and of unit length, so that the dot product is
// the cosine: whoever brings them sees to it. The draft belongs to one caller.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/hnsw_graph.hpp"
#include "retrieval/nearest_chunks.hpp"
#include "retrieval/vectors.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// From this many vectors on a segment is searched by its graph; below, all are compared.
inline constexpr std::size_t kGraphRows = 50'000;

class SegmentVectors {
 public:
  SegmentVectors() = default;

  /// Null when what is there cannot be the vectors of these documents. `first_chunks`: by document, and one past the
  /// last; it must not go before this does.
  [[nodiscard]] static std::optional<SegmentVectors> map(std::string_view bytes,
                                                         std::span<const std::uint32_t> first_chunks);

  /// Says what made the vectors: those of different tags cannot be compared. 0: there are none.
  [[nodiscard]] std::uint64_t tag() const { return tag_; }
  [[nodiscard]] std::size_t dimension() const { return vectors_.dimension; }
  [[nodiscard]] std::size_t rows() const { return vectors_.size(); }
  [[nodiscard]] bool has(std::size_t document) const {
    return rows() > 0 && first_rows_[document + 1] > first_rows_[document];
  }
  /// Chunk after chunk; none where the document has no vectors.
  [[nodiscard]] std::span<const float> of(std::size_t document) const;
  [[nodiscard]] bool has_graph() const { return graph_.has_value(); }

  /// What nearest() costs at most, in numbers multiplied.
  [[nodiscard]] std::size_t cost() const { return vectors_.numbers.size(); }

  /// At most `count` of the allowed chunks (null: all), nearest first; ties by chunk. Exact without a graph, and where
  /// so few are allowed that comparing them all costs less than finding them by the graph; else of the nearest ten more
  /// than 98 in 100 are found. Nothing for a query of another dimension.
  [[nodiscard]] std::vector<NearChunk> nearest(std::span<const float> query, std::size_t count,
                                               const Bitmap* allowed) const;

 private:
  friend class SegmentVectorsDraft;
  struct Header;

  [[nodiscard]] bool check() const;
  [[nodiscard]] std::uint32_t chunk_of(std::uint32_t row) const;
  /// The rows of these chunks, in the room given; null: all rows.
  [[nodiscard]] const Bitmap* rows_of(const Bitmap* chunks, Bitmap& room) const;
  [[nodiscard]] std::vector<NearChunk> nearest_rows(const float* query, std::size_t count, const Bitmap* allowed) const;

  std::uint64_t tag_ = 0;
  std::span<const std::uint32_t> first_chunks_;  ///< of the segment
  std::span<const std::uint32_t> first_rows_;    ///< by document, and one past the last
  Vectors vectors_;
  std::optional<HnswGraph> graph_;
};

class SegmentVectorsDraft {
 public:
  /// In the order of the segment's documents; `vectors` of one chunk or several of them, until end_document. All must
  /// be there until finish.
  void add(std::uint64_t tag, std::size_t dimension, std::span<const float> vectors);
  void end_document();

  /// Of what finish appends, but for the graph.
  [[nodiscard]] std::size_t size() const;

  /// Appends the part and gives the draft up; with a graph where there are `graph_rows` or more, which takes its time:
  /// not for an event loop. A multiple of four bytes, nothing where there are no vectors. False: stopped, what was
  /// appended is unfinished.
  [[nodiscard]] bool finish(std::string& out, std::size_t graph_rows, const std::stop_token& stop);

 private:
  std::uint64_t tag_ = 0;
  std::size_t dimension_ = 1;
  std::vector<std::uint32_t> first_rows_ = {0};
  std::uint32_t rows_ = 0;
  std::vector<std::span<const float>> parts_;
};

}  // namespace ragd::retrieval
