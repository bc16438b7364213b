// A graph of near neighbours over the vectors of a segment (HNSW: Malkov and Yashunin 2016), as a part of its bytes.
//
// A view: thread-safe, must not outlive the bytes. Its nodes are the chunks; it holds no vectors. Of chunks with the
// same vector only the first is linked: hundreds of copies would link to each other alone, and searches that come by
// would not get away from them.
#pragma once

#include "retrieval/bitmap.hpp"
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

class HnswGraph {
 public:
  /// The bytes of a graph over these vectors, at least one. Takes a millisecond or so for each. The same vectors give
  /// the same bytes. Null: stopped.
  [[nodiscard]] static std::optional<std::string> build(const Vectors& vectors, const std::stop_token& stop = {});

  /// Null when the bytes, which begin at a multiple of four, are no graph of so many chunks: whatever it links to is
  /// there.
  [[nodiscard]] static std::optional<HnswGraph> map(std::string_view bytes, std::size_t chunks);

  /// Offers allowed chunks (null: all) near to the query, walking through the others as well. False when that took more
  /// comparisons than `budget`.
  [[nodiscard]] bool search(const Vectors& vectors, const float* query, const Bitmap* allowed, std::size_t budget,
                            NearestChunks& nearest) const;

 private:
  /// What stands in front. Behind it: first lists, ends of lists, links, copies.
  struct Header {
    std::uint32_t entry = 0;  ///< a node of the highest level
    std::uint32_t lists = 0;
    std::uint32_t links = 0;
    std::uint32_t copies = 0;
  };
  /// A chunk with the vector of an earlier one, which has no such before it.
  struct Copy {
    std::uint32_t first = 0;
    std::uint32_t chunk = 0;

    bool operator<(const Copy& other) const {
      return first != other.first ? first < other.first : chunk < other.chunk;
    }
  };
  class Walk;

  [[nodiscard]] static std::vector<Copy> copies_among(const Vectors& vectors,
                                                      std::span<const std::uint32_t> by_content);
  [[nodiscard]] bool check(std::size_t chunks) const;
  [[nodiscard]] bool check_links() const;
  [[nodiscard]] bool check_copies() const;

  /// How many levels the node is on; none for a copy.
  [[nodiscard]] std::uint32_t levels(std::uint32_t node) const { return first_lists_[node + 1] - first_lists_[node]; }
  [[nodiscard]] std::span<const std::uint32_t> links(std::uint32_t node, std::uint32_t level) const {
    const std::uint32_t list = first_lists_[node] + level;
    const std::uint32_t begin = list == 0 ? 0 : list_ends_[list - 1];
    return links_.subspan(begin, list_ends_[list] - begin);
  }
  [[nodiscard]] std::span<const Copy> copies_of(std::uint32_t node) const;

  std::uint32_t entry_ = 0;
  std::span<const std::uint32_t> first_lists_;  ///< by chunk, and one past the last: its list on the lowest level
  std::span<const std::uint32_t> list_ends_;
  std::span<const std::uint32_t> links_;
  std::span<const Copy> copies_;  ///< in order
};

}  // namespace ragd::retrieval
