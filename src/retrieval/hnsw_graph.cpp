#include "retrieval/hnsw_graph.hpp"

#include "retrieval/flat_bytes.hpp"

#include <algorithm>
#include <cstring>

namespace ragd::retrieval {

std::optional<HnswGraph> HnswGraph::map(std::string_view bytes, std::size_t chunks) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::uint64_t numbers = std::uint64_t{chunks} + 1 + header.lists + header.links;
  if (sizeof header + numbers * sizeof(std::uint32_t) + header.copies * sizeof(Copy) != bytes.size()) {
    return std::nullopt;
  }
  FlatReader parts(bytes.substr(sizeof header));
  HnswGraph graph;
  graph.entry_ = header.entry;
  graph.first_lists_ = parts.array<std::uint32_t>(chunks + 1);
  graph.list_ends_ = parts.array<std::uint32_t>(header.lists);
  graph.links_ = parts.array<std::uint32_t>(header.links);
  graph.copies_ = parts.array<Copy>(header.copies);
  if (!graph.check(chunks)) return std::nullopt;
  return graph;
}

bool HnswGraph::check(std::size_t chunks) const {
  if (first_lists_.front() != 0 || first_lists_.back() != list_ends_.size()) return false;
  if (!std::is_sorted(first_lists_.begin(), first_lists_.end())) return false;
  if (!std::is_sorted(list_ends_.begin(), list_ends_.end())) return false;
  if (entry_ >= chunks || levels(entry_) == 0 || list_ends_.back() != links_.size()) return false;
  return check_links() && check_copies();
}

/// A node links on each level to such as are on it.
bool HnswGraph::check_links() const {
  for (std::uint32_t node = 0; node + 1 < first_lists_.size(); ++node) {
    for (std::uint32_t level = 0; level < levels(node); ++level) {
      const std::span<const std::uint32_t> nodes = links(node, level);
      if (!std::all_of(nodes.begin(), nodes.end(), [&](std::uint32_t linked) {
            return linked + std::size_t{1} < first_lists_.size() && levels(linked) > level;
          })) {
        return false;
      }
    }
  }
  return true;
}

bool HnswGraph::check_copies() const {
  return std::is_sorted(copies_.begin(), copies_.end()) &&
         std::all_of(copies_.begin(), copies_.end(), [this](const Copy& copy) {
           return copy.first < copy.chunk && copy.chunk + std::size_t{1} < first_lists_.size();
         });
}

std::span<const HnswGraph::Copy> HnswGraph::copies_of(std::uint32_t node) const {
  const auto begin = std::lower_bound(copies_.begin(), copies_.end(), Copy{node, 0});
  auto end = begin;
  while (end != copies_.end() && end->first == node) ++end;
  return {begin, end};
}

/// One search.
class HnswGraph::Walk {
 public:
  Walk(const HnswGraph& graph, const Vectors& vectors, const float* query, const Bitmap* allowed,
       NearestChunks& nearest)
      : graph_(graph),
        vectors_(vectors),
        query_(query),
        allowed_(allowed),
        nearest_(nearest),
        seen_(graph.first_lists_.size() - 1) {}

  bool run(std::size_t budget) {
    add(descend());
    while (!open_.empty()) {
      std::pop_heap(open_.begin(), open_.end(), farther);
      const NearChunk next = open_.back();
      open_.pop_back();
      if (!nearest_.would_take(next)) break;
      for (const std::uint32_t linked : graph_.links(next.chunk, 0)) {
        if (!seen_.test(linked)) add(compare(linked));
      }
      if (comparisons_ > budget) return false;
    }
    return true;
  }

 private:
  static bool farther(const NearChunk& a, const NearChunk& b) { return nearer(b, a); }

  NearChunk compare(std::uint32_t node) {
    ++comparisons_;
    return {vectors_.similarity(node, query_), node};
  }

  /// Down to the lowest level, on each above it to the nearest node in sight.
  NearChunk descend() {
    NearChunk best = compare(graph_.entry_);
    for (std::uint32_t level = graph_.levels(best.chunk); --level > 0;) {
      for (bool moved = true; moved;) {
        moved = false;
        for (const std::uint32_t linked : graph_.links(best.chunk, level)) {
          const NearChunk candidate = compare(linked);
          if (candidate.similarity > best.similarity) {
            best = candidate;
            moved = true;
          }
        }
      }
    }
    return best;
  }

  void add(const NearChunk& node) {
    seen_.set(node.chunk);
    if (!nearest_.would_take(node)) return;
    open_.push_back(node);
    std::push_heap(open_.begin(), open_.end(), farther);
    offer(node);
    for (const Copy& copy : graph_.copies_of(node.chunk)) {
      if (!offer({node.similarity, copy.chunk})) break;
    }
  }

  /// False when no later chunk that is as near is wanted either.
  bool offer(const NearChunk& chunk) {
    if (allowed_ != nullptr && !allowed_->test(chunk.chunk)) return true;
    return nearest_.offer(chunk);
  }

  const HnswGraph& graph_;
  const Vectors& vectors_;
  const float* query_;
  const Bitmap* allowed_;
  NearestChunks& nearest_;
  Bitmap seen_;
  std::vector<NearChunk> open_;  ///< nodes whose links are still to be looked at, the nearest on top
  std::size_t comparisons_ = 0;
};

bool HnswGraph::search(const Vectors& vectors, const float* query, const Bitmap* allowed, std::size_t budget,
                       NearestChunks& nearest) const {
  return Walk(*this, vectors, query, allowed, nearest).run(budget);
}

}  // namespace ragd::retrieval
