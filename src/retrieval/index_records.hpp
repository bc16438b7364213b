// How a tenant's index lies in the store's index records: a manifest that names the segments, the segments in pieces,
// and their burials.
//
//   m                       manifest: what the index was made with, and the numbers of its segments
//   s <number> <piece>      bytes of a segment; big-endian, so that they sort
//   g <number> <burial>     what one write buried in it
// A piece or burial of a number the manifest does not name is litter of a merge that was interrupted. Stateless.
#pragma once

#include "retrieval/snapshot.hpp"
#include "store/view.hpp"
#include "store/write.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

inline constexpr std::size_t kPieceBytes = 512U << 10;

[[nodiscard]] std::size_t piece_count(const Segment& segment);

[[nodiscard]] std::string manifest_name();
/// `tag`: whatever changes what the index of the same documents would be.
void put_manifest(store::Write& write, std::string_view tag, std::span<const SegmentView> segments);
/// The pieces from `first` on, `most` of them.
void put_pieces(store::Write& write, std::uint64_t number, const Segment& segment, std::size_t first, std::size_t most);
void put_burial(store::Write& write, const SegmentView& buried_in, const Burial& burial);
/// Pieces and burials.
void erase_segment(store::Write& write, const SegmentView& view);

struct LoadedIndex {
  std::vector<SegmentView> segments;
  std::uint64_t next_number = 1;        ///< greater than any in use, litter included
  std::vector<std::string> litter;      ///< names to erase
  std::optional<std::string> unusable;  ///< why the index must be built anew; then everything is litter
};

/// Errors are those of reading; what was read but makes no sense is `unusable`. `vectors`: the tag of those that are
/// wanted, the others are as good as none.
[[nodiscard]] Result<LoadedIndex> load_index(const store::View& view, const std::string& tenant, std::string_view tag,
                                             std::uint64_t vectors = kAnyVectors);

}  // namespace ragd::retrieval
