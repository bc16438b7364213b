#include "retrieval/segment_vectors.hpp"

#include "retrieval/flat_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ragd::retrieval {

namespace {

/// The graph's search keeps at least this many rows at hand, and at least twice as many as are wanted.
constexpr std::size_t kAtHand = 128;

/// What the graph's search compares for each row it keeps at hand, about, where all are allowed; and how many rows a
/// scan compares in the time of one of these, which lie scattered.
constexpr std::size_t kComparisons = 16;
constexpr std::size_t kScanSpeed = 4;

/// How often the graph's search may compare before a scan would have been the cheaper way; none where it is so from the
/// start: of the rows the graph leads by, only the allowed ones count.
std::size_t comparisons_worth(std::size_t allowed, std::size_t rows, std::size_t at_hand) {
  const std::size_t budget = allowed / kScanSpeed;
  return at_hand < budget && at_hand * kComparisons * rows < budget * allowed ? budget : 0;
}

void scan(const Vectors& vectors, const float* query, const Bitmap* allowed, NearestChunks& nearest) {
  const auto compare = [&](std::size_t row) {
    nearest.offer({vectors.similarity(row, query), static_cast<std::uint32_t>(row)});
  };
  if (allowed == nullptr) {
    for (std::size_t row = 0; row < vectors.size(); ++row) compare(row);
  } else {
    for (std::size_t row = allowed->next(0); row < vectors.size(); row = allowed->next(row + 1)) compare(row);
  }
}

}  // namespace

/// What stands in front. Behind it: first rows, vectors, graph.
struct SegmentVectors::Header {
  std::uint64_t tag = 0;
  std::uint32_t dimension = 0;
  std::uint32_t rows = 0;
  std::uint64_t graph_bytes = 0;  ///< none: no graph

  [[nodiscard]] std::uint64_t numbers() const { return std::uint64_t{rows} * dimension; }
  /// Nonsense only where one of its parts is larger than any string.
  [[nodiscard]] std::uint64_t size(std::size_t documents) const {
    return sizeof(Header) + (documents + 1) * sizeof(std::uint32_t) + numbers() * sizeof(float) + graph_bytes;
  }
};

std::optional<SegmentVectors> SegmentVectors::map(std::string_view bytes, std::span<const std::uint32_t> first_chunks) {
  SegmentVectors vectors;
  if (bytes.empty()) return vectors;
  const std::size_t documents = first_chunks.size() - 1;
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.tag == 0 || header.dimension == 0 || header.rows == 0) return std::nullopt;
  if (header.numbers() > bytes.size() || header.graph_bytes > bytes.size()) return std::nullopt;
  if (header.size(documents) != bytes.size()) return std::nullopt;
  FlatReader parts(bytes.substr(sizeof header));
  vectors.tag_ = header.tag;
  vectors.first_chunks_ = first_chunks;
  vectors.first_rows_ = parts.array<std::uint32_t>(documents + 1);
  vectors.vectors_ = {parts.array<float>(header.numbers()), header.dimension};
  if (!vectors.check()) return std::nullopt;
  if (const std::string_view graph = parts.bytes(header.graph_bytes); !graph.empty()) {
    vectors.graph_ = HnswGraph::map(graph, header.rows);
    if (!vectors.graph_) return std::nullopt;
  }
  return vectors;
}

/// A document has vectors for all of its chunks or for none.
bool SegmentVectors::check() const {
  if (first_rows_.front() != 0 || first_rows_.back() != rows()) return false;
  for (std::size_t document = 0; document + 1 < first_rows_.size(); ++document) {
    if (first_rows_[document + 1] == first_rows_[document]) continue;
    const std::uint64_t chunks = first_chunks_[document + 1] - first_chunks_[document];
    if (first_rows_[document + 1] != first_rows_[document] + chunks) return false;
  }
  return true;
}

std::span<const float> SegmentVectors::of(std::size_t document) const {
  if (!has(document)) return {};
  const std::size_t first = first_rows_[document];
  return vectors_.numbers.subspan(first * dimension(), (first_rows_[document + 1] - first) * dimension());
}

std::uint32_t SegmentVectors::chunk_of(std::uint32_t row) const {
  if (first_rows_.back() == first_chunks_.back()) return row;  // all documents have vectors
  const auto next = std::upper_bound(first_rows_.begin(), first_rows_.end(), row);
  const auto document = static_cast<std::size_t>(next - first_rows_.begin() - 1);
  return first_chunks_[document] + (row - first_rows_[document]);
}

const Bitmap* SegmentVectors::rows_of(const Bitmap* chunks, Bitmap& room) const {
  if (chunks == nullptr || first_rows_.back() == first_chunks_.back()) return chunks;
  room = Bitmap(rows());
  for (std::size_t document = 0; document + 1 < first_rows_.size(); ++document) {
    // A document's chunks are allowed together: it is the document that is dead, or meets a filter.
    if (has(document) && chunks->test(first_chunks_[document])) {
      room.set(first_rows_[document], first_rows_[document + 1]);
    }
  }
  return &room;
}

std::vector<NearChunk> SegmentVectors::nearest_rows(const float* query, std::size_t count,
                                                    const Bitmap* allowed) const {
  if (graph_) {
    const std::size_t candidates = allowed == nullptr ? rows() : allowed->count();
    const std::size_t at_hand = std::max(kAtHand, std::min(count, candidates) * 2);
    const std::size_t budget = comparisons_worth(candidates, rows(), at_hand);
    NearestChunks nearest(at_hand);
    if (budget > 0 && graph_->search(vectors_, query, allowed, budget, nearest) && nearest.size() >= count) {
      return std::move(nearest).sorted(count);
    }
  }
  NearestChunks nearest(count);
  scan(vectors_, query, allowed, nearest);
  return std::move(nearest).sorted(count);
}

std::vector<NearChunk> SegmentVectors::nearest(std::span<const float> query, std::size_t count,
                                               const Bitmap* allowed) const {
  if (rows() == 0 || query.size() != dimension() || count == 0) return {};
  Bitmap room;
  std::vector<NearChunk> found = nearest_rows(query.data(), count, rows_of(allowed, room));
  for (NearChunk& near : found) near.chunk = chunk_of(near.chunk);
  return found;
}

void SegmentVectorsDraft::add(std::uint64_t tag, std::size_t dimension, std::span<const float> vectors) {
  if (rows_ == 0) {
    tag_ = tag;
    dimension_ = dimension;
  }
  if (tag != tag_ || dimension != dimension_ || vectors.size() % dimension != 0) {
    throw std::logic_error("vectors that do not belong together");
  }
  parts_.push_back(vectors);
  rows_ += static_cast<std::uint32_t>(vectors.size() / dimension);
}

void SegmentVectorsDraft::end_document() {
  first_rows_.push_back(rows_);
}

std::size_t SegmentVectorsDraft::size() const {
  if (rows_ == 0) return 0;
  SegmentVectors::Header header;
  header.dimension = static_cast<std::uint32_t>(dimension_);
  header.rows = rows_;
  return header.size(first_rows_.size() - 1);
}

bool SegmentVectorsDraft::finish(std::string& out, std::size_t graph_rows, const std::stop_token& stop) {
  if (rows_ == 0) return true;
  SegmentVectors::Header header;
  header.tag = tag_;
  header.dimension = static_cast<std::uint32_t>(dimension_);
  header.rows = rows_;
  const std::size_t at = out.size();
  out.append(reinterpret_cast<const char*>(&header), sizeof header);
  move_to(out, first_rows_);
  const std::size_t numbers_at = out.size();
  for (const std::span<const float> part : parts_) {
    out.append(reinterpret_cast<const char*>(part.data()), part.size_bytes());
  }
  parts_.clear();
  if (rows_ < graph_rows) return true;
  FlatReader written(std::string_view(out).substr(numbers_at));
  const auto graph = HnswGraph::build({written.array<float>(header.numbers()), dimension_}, stop);
  if (!graph) return false;
  header.graph_bytes = graph->size();
  out += *graph;
  std::memcpy(out.data() + at, &header, sizeof header);
  return true;
}

}  // namespace ragd::retrieval
