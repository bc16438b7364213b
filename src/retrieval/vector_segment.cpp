#include "retrieval/vector_segment.hpp"

#include "base/hash.hpp"
#include "retrieval/flat_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace ragd::retrieval {

namespace {

/// Of the format, too.
constexpr std::array<char, 8> kMagic = {'r', 'a', 'g', 'd', 'v', 'e', 'c', '1'};

/// The graph's search keeps at least this many chunks at hand, and at least twice as many as are wanted.
constexpr std::size_t kAtHand = 128;

/// What the graph's search compares for each chunk it keeps at hand, about, where all are allowed; and how many chunks
/// a scan compares in the time of one of these, which lie scattered.
constexpr std::size_t kComparisons = 16;
constexpr std::size_t kScanSpeed = 4;

/// For each chunk, more than enough.
constexpr std::size_t kGraphBytes = 150;

/// How often the graph's search may compare before a scan would have been the cheaper way; none where it is so from the
/// start: of the chunks the graph leads by, only the allowed ones count.
std::size_t comparisons_worth(std::size_t allowed, std::size_t chunks, std::size_t at_hand) {
  const std::size_t budget = allowed / kScanSpeed;
  return at_hand < budget && at_hand * kComparisons * chunks < budget * allowed ? budget : 0;
}

void scan(const Vectors& vectors, const float* query, const Bitmap* allowed, NearestChunks& nearest) {
  const auto compare = [&](std::size_t chunk) {
    nearest.offer({vectors.similarity(chunk, query), static_cast<std::uint32_t>(chunk)});
  };
  if (allowed == nullptr) {
    for (std::size_t chunk = 0; chunk < vectors.size(); ++chunk) compare(chunk);
  } else {
    for (std::size_t chunk = allowed->next(0); chunk < vectors.size(); chunk = allowed->next(chunk + 1)) compare(chunk);
  }
}

}  // namespace

/// What stands in front. Behind it: vectors, graph, documents; so each is aligned.
struct VectorSegment::Header {
  std::array<char, 8> magic = kMagic;
  std::uint64_t hash = 0;  ///< of all that follows it
  std::uint32_t dimension = 0;
  std::uint32_t chunks = 0;
  std::uint32_t documents = 0;
  std::uint32_t unused = 0;
  std::uint64_t graph_bytes = 0;  ///< none: no graph
  std::uint64_t id_bytes = 0;

  static constexpr std::size_t kHashed = 16;  ///< where that begins

  [[nodiscard]] std::uint64_t numbers() const { return std::uint64_t{chunks} * dimension; }
  /// Of the segment; nonsense only where one of its parts is larger than any string.
  [[nodiscard]] std::uint64_t size() const {
    return sizeof(Header) + numbers() * sizeof(float) + graph_bytes + DocumentTable::size(documents, id_bytes);
  }
};

/// A document to be written.
struct VectorSegment::Part {
  std::string_view id;
  std::span<const float> vectors;
};

VectorSegmentPtr VectorSegment::build(std::vector<EmbeddedDocument> documents, std::size_t dimension,
                                      std::size_t graph_chunks) {
  std::vector<Part> parts;
  parts.reserve(documents.size());
  for (const EmbeddedDocument& document : documents) parts.push_back({document.id, document.vectors});
  return from_parts(std::move(parts), dimension, graph_chunks);
}

VectorSegmentPtr VectorSegment::merge(std::span<const Source> sources, std::size_t graph_chunks) {
  const std::size_t dimension = sources.front().segment->dimension();
  std::vector<Part> parts;
  for (const auto& [segment, dead] : sources) {
    if (segment->dimension() != dimension) throw std::logic_error("a merge of vectors of different dimensions");
    for (std::size_t document = 0; document < segment->documents(); ++document) {
      if (dead != nullptr && dead->test(document)) continue;
      const std::size_t first = segment->first_chunk(document);
      const std::size_t count = segment->first_chunk(document + 1) - first;
      parts.push_back({segment->id(document), segment->vectors_.numbers.subspan(first * dimension, count * dimension)});
    }
  }
  return from_parts(std::move(parts), dimension, graph_chunks);
}

VectorSegmentPtr VectorSegment::from_parts(std::vector<Part> parts, std::size_t dimension, std::size_t graph_chunks) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.id < b.id; });
  DocumentTableDraft table;
  for (const Part& part : parts) {
    if (part.vectors.size() % dimension != 0) throw std::logic_error("a document's vectors are cut short");
    table.add(part.id, part.vectors.size() / dimension);
  }
  Header header;
  header.dimension = static_cast<std::uint32_t>(dimension);
  header.chunks = table.chunks();
  header.documents = table.documents();
  header.id_bytes = table.id_bytes();

  const bool with_graph = header.chunks > 0 && header.chunks >= graph_chunks;

  std::string bytes;
  bytes.reserve(header.size() + (with_graph ? std::uint64_t{header.chunks} * kGraphBytes : 0));
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  for (const Part& part : parts) {
    bytes.append(reinterpret_cast<const char*>(part.vectors.data()), part.vectors.size_bytes());
  }
  if (with_graph) {
    FlatReader written(std::string_view(bytes).substr(sizeof header));
    const std::string graph = HnswGraph::build({written.array<float>(header.numbers()), dimension});
    header.graph_bytes = graph.size();
    bytes += graph;
  }
  table.finish(bytes);
  std::memcpy(bytes.data(), &header, sizeof header);
  header.hash = base::hash64(std::string_view(bytes).substr(Header::kHashed));
  std::memcpy(bytes.data(), &header, sizeof header);

  const std::shared_ptr<VectorSegment> segment(new VectorSegment(std::move(bytes)));
  if (!segment->map()) throw std::logic_error("a vector segment was written wrongly");
  return segment;
}

Result<VectorSegmentPtr> VectorSegment::from_bytes(std::string bytes) {
  const std::shared_ptr<VectorSegment> segment(new VectorSegment(std::move(bytes)));
  Header header;
  const std::string_view all = segment->bytes_;
  if (all.size() < sizeof header) return fail(Errc::internal, "a vector segment is cut short");
  std::memcpy(&header, all.data(), sizeof header);
  if (header.magic != kMagic) return fail(Errc::internal, "a vector segment is of another format");
  if (header.hash != base::hash64(all.substr(Header::kHashed))) {
    return fail(Errc::internal, "a vector segment is damaged");
  }
  if (!segment->map()) return fail(Errc::internal, "a vector segment makes no sense");
  return VectorSegmentPtr(segment);
}

bool VectorSegment::map() {
  Header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (header.dimension == 0 || header.numbers() > bytes_.size() || header.id_bytes > bytes_.size()) return false;
  if (header.graph_bytes > bytes_.size() || header.graph_bytes % alignof(std::uint32_t) != 0) return false;
  if (header.size() != bytes_.size()) return false;
  FlatReader parts(std::string_view(bytes_).substr(sizeof header));
  vectors_ = {parts.array<float>(header.numbers()), header.dimension};
  const std::string_view graph = parts.bytes(header.graph_bytes);
  if (!graph.empty()) {
    graph_ = HnswGraph::map(graph, header.chunks);
    if (!graph_) return false;
  }
  const auto table = DocumentTable::map(parts, header.documents, header.id_bytes, header.chunks);
  if (!table) return false;
  table_ = *table;
  return true;
}

std::vector<NearChunk> VectorSegment::nearest(std::span<const float> query, std::size_t count,
                                              const Bitmap* allowed) const {
  if (query.size() != dimension() || count == 0) return {};
  if (graph_) {
    const std::size_t candidates = allowed == nullptr ? chunks() : allowed->count();
    const std::size_t at_hand = std::max(kAtHand, std::min(count, candidates) * 2);
    const std::size_t budget = comparisons_worth(candidates, chunks(), at_hand);
    NearestChunks nearest(at_hand);
    if (budget > 0 && graph_->search(vectors_, query.data(), allowed, budget, nearest) && nearest.size() >= count) {
      return std::move(nearest).sorted(count);
    }
  }
  NearestChunks nearest(count);
  scan(vectors_, query.data(), allowed, nearest);
  return std::move(nearest).sorted(count);
}

}  // namespace ragd::retrieval
