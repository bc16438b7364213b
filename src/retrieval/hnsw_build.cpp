// HnswGraph::build: has hnswlib make the graph, and lays it flat. The only place that knows hnswlib.
#include "base/hash.hpp"
#include "retrieval/flat_bytes.hpp"
#include "retrieval/hnsw_graph.hpp"

// Its prefetches read past the end of a node's links, and its own dot products are not used.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Links a node has on each level, twice as many on the lowest.
constexpr std::size_t kLinks = 16;

/// Candidates among which a new node's are chosen.
constexpr std::size_t kCandidates = 200;

using Builder = hnswlib::HierarchicalNSW<float>;

/// Chunks in the order of a hash of their vectors, then of their numbers: as good as random and always the same.
/// (Neighbours one after another would make a worse graph.)
std::vector<std::uint32_t> sorted_by_content(const Vectors& vectors) {
  std::vector<std::uint64_t> hashes(vectors.size());
  for (std::size_t chunk = 0; chunk < hashes.size(); ++chunk) {
    const std::span<const float> vector = vectors[chunk];
    hashes[chunk] = base::hash64({reinterpret_cast<const char*>(vector.data()), vector.size_bytes()});
  }
  std::vector<std::uint32_t> chunks(vectors.size());
  std::iota(chunks.begin(), chunks.end(), 0U);
  std::sort(chunks.begin(), chunks.end(), [&hashes](std::uint32_t a, std::uint32_t b) {
    return hashes[a] != hashes[b] ? hashes[a] < hashes[b] : a < b;
  });
  return chunks;
}

/// Tells hnswlib distances without giving it the vectors: from the place of a node in its memory follows which node it
/// is, the nodes being numbered in the order they were added in.
class NumberedSpace : public hnswlib::SpaceInterface<float> {
 public:
  NumberedSpace(const Vectors& vectors, std::vector<std::uint32_t> chunks)
      : vectors_(vectors), chunks_(std::move(chunks)) {}

  void lies_in(const Builder& builder) {
    first_ = builder.getDataByInternalId(0);
    step_ = builder.size_data_per_element_;
  }

  std::size_t get_data_size() override { return 0; }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return this; }

  [[nodiscard]] const std::vector<std::uint32_t>& chunks() const { return chunks_; }

 private:
  static float distance(const void* a, const void* b, const void* self) {
    const auto& space = *static_cast<const NumberedSpace*>(self);
    return 1 - space.vectors_.similarity(space.chunk_at(a), space.vectors_[space.chunk_at(b)].data());
  }
  [[nodiscard]] std::uint32_t chunk_at(const void* place) const {
    return chunks_[static_cast<std::size_t>(static_cast<const char*>(place) - first_) / step_];
  }

  Vectors vectors_;
  std::vector<std::uint32_t> chunks_;  ///< by node
  const char* first_ = nullptr;        ///< of the nodes
  std::size_t step_ = 1;
};

/// The lists of all nodes, as they will lie.
struct FlatLists {
  std::vector<std::uint32_t> first_lists = {0};
  std::vector<std::uint32_t> ends;
  std::vector<std::uint32_t> links;

  void add_node(const Builder& builder, hnswlib::tableint node, const std::vector<std::uint32_t>& chunks) {
    for (int level = 0; level <= builder.element_levels_[node]; ++level) {
      hnswlib::linklistsizeint* list = builder.get_linklist_at_level(node, level);
      const std::size_t count = builder.getListCount(list);
      for (std::size_t i = 1; i <= count; ++i) links.push_back(chunks[list[i]]);
      if (links.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error("too many chunks for a graph");
      }
      ends.push_back(static_cast<std::uint32_t>(links.size()));
    }
  }
  void end_chunk() { first_lists.push_back(static_cast<std::uint32_t>(ends.size())); }
};

}  // namespace

std::vector<HnswGraph::Copy> HnswGraph::copies_among(const Vectors& vectors,
                                                     std::span<const std::uint32_t> by_content) {
  std::vector<Copy> copies;
  std::uint32_t first = by_content.front();
  for (const std::uint32_t chunk : by_content.subspan(1)) {
    // Two vectors with the same hash could lie alternately; their copies are then not all found, which does little
    // harm.
    if (std::memcmp(vectors[first].data(), vectors[chunk].data(), vectors[first].size_bytes()) == 0) {
      copies.push_back({first, chunk});
    } else {
      first = chunk;
    }
  }
  std::sort(copies.begin(), copies.end());
  return copies;
}

std::optional<std::string> HnswGraph::build(const Vectors& vectors, const std::stop_token& stop) {
  std::vector<std::uint32_t> nodes = sorted_by_content(vectors);
  std::vector<Copy> copies = copies_among(vectors, nodes);
  Bitmap copied(vectors.size());
  for (const Copy& copy : copies) copied.set(copy.chunk);
  std::erase_if(nodes, [&copied](std::uint32_t chunk) { return copied.test(chunk); });

  NumberedSpace space(vectors, std::move(nodes));
  const std::vector<std::uint32_t>& chunks = space.chunks();
  Builder builder(&space, chunks.size(), kLinks, kCandidates);
  space.lies_in(builder);
  std::vector<hnswlib::tableint> node_of(vectors.size());
  for (hnswlib::tableint node = 0; node < chunks.size(); ++node) {
    if (stop.stop_requested()) return std::nullopt;
    builder.addPoint(builder.getDataByInternalId(node), node);
    node_of[chunks[node]] = node;
  }

  FlatLists lists;
  for (std::size_t chunk = 0; chunk < vectors.size(); ++chunk) {
    if (!copied.test(chunk)) lists.add_node(builder, node_of[chunk], chunks);
    lists.end_chunk();
  }
  Header header;
  header.entry = chunks[builder.enterpoint_node_];
  header.lists = static_cast<std::uint32_t>(lists.ends.size());
  header.links = static_cast<std::uint32_t>(lists.links.size());
  header.copies = static_cast<std::uint32_t>(copies.size());
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  move_to(bytes, lists.first_lists);
  move_to(bytes, lists.ends);
  move_to(bytes, lists.links);
  move_to(bytes, copies);
  return bytes;
}

}  // namespace ragd::retrieval
