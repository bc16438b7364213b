// What died in a segment: one write's share (a Burial, which is stored) and all of them together (Graves, which
// searches ask).
//
// Both are immutable once made; Graves share what they have in common with their predecessor, so that a delete costs
// little however much is dead already.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/segment.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// Of how many chunks a word was taken by the dead.
struct WordDeaths {
  std::uint32_t word = 0;  ///< position in the segment's dictionary
  std::uint32_t chunks = 0;
};

struct Burial {
  std::vector<std::uint32_t> documents;  ///< positions in the segment, ascending
  std::vector<WordDeaths> words;         ///< ascending

  [[nodiscard]] bool empty() const { return documents.empty(); }
};

/// The burial of documents that are live in `segment`, given `dead`: a segment built of just these documents.
[[nodiscard]] Burial make_burial(const Segment& segment, const Segment& dead);

/// The same burial in the segment that `from` was merged into.
[[nodiscard]] Burial moved(const Burial& burial, const Segment& from, const Segment& to);

/// Several of one segment as one.
[[nodiscard]] Burial combined(const std::vector<const Burial*>& burials);

[[nodiscard]] std::string encode(const Burial& burial);
/// Checked against the segment's sizes.
[[nodiscard]] Result<Burial> decode_burial(std::string_view bytes, const Segment& segment);

class Graves;
using GravesPtr = std::shared_ptr<const Graves>;  // owners: the snapshots that share them, and a merge

class Graves {
 public:
  /// `before` may be null: nothing is dead. Documents die once.
  [[nodiscard]] static GravesPtr with(const GravesPtr& before, const Segment& segment, const Burial& burial);

  [[nodiscard]] bool is_dead(std::size_t document) const { return documents_.test(document); }
  [[nodiscard]] const Bitmap& documents() const { return documents_; }
  /// The others' chunks.
  [[nodiscard]] const Bitmap& live_chunks() const { return live_chunks_; }
  [[nodiscard]] std::size_t deaths_of(std::size_t word) const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Layer = std::shared_ptr<const std::vector<WordDeaths>>;  // owners: the graves it was first in and later ones

  void add_layer(Layer fresh);

  Bitmap documents_;
  Bitmap live_chunks_;
  std::vector<Layer> layers_;  ///< each more than twice as long as the next
};

}  // namespace ragd::retrieval
