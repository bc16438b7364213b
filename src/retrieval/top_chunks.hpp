// The chunks of a snapshot that score best for a query, found without scoring those that cannot be among them.
//
// One object is one query's, used by one thread; segments are searched one after another. The result is that of scoring
// every chunk: MaxScore (Turtle and Flood 1995) over windows of chunks, with the block maxima of Ding and Suel (2011)
// as bounds, leaves out only what an upper bound rules out, and whatever it does not rule out is scored term by term in
// the order of the query.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/term_cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ragd::retrieval {

struct RankedChunk {
  double score = 0;  ///< divided by the query's attainable maximum
  const Segment* segment = nullptr;
  std::uint32_t chunk = 0;
};

/// The order of results: the better score, then document id, then chunk. Within one document chunks are numbered in
/// order, and one document's live chunks lie in one segment.
[[nodiscard]] bool ranks_before(const RankedChunk& a, const RankedChunk& b);

class TopChunks {
 public:
  struct Wanted {
    std::size_t count = 0;
    double min_score = 0;
    double attainable = 1;
    TermScore score;
  };

  explicit TopChunks(const Wanted& wanted) : wanted_(wanted) {}

  /// The segment must outlive this. `allowed`: the only chunks that count; null: all.
  void search(const Segment& segment, const Bitmap* allowed, std::span<const WeightedPostings> terms);

  /// Best first; ties by document id, then chunk.
  [[nodiscard]] std::vector<RankedChunk> sorted() &&;

 private:
  [[nodiscard]] bool would_take(const RankedChunk& chunk) const;
  [[nodiscard]] double least() const;
  void take(const RankedChunk& chunk);

  class Scan;
  Wanted wanted_;
  std::vector<RankedChunk> heap_;  ///< the worst on top
};

}  // namespace ragd::retrieval
