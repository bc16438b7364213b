// One term's list in a segment: who holds it (chunks, or documents for metadata), ascending, and how often. Compressed
// in blocks of 128; the last, shorter one has no Block of its own.
//
// A view of the segment's bytes: cheap to copy, must not outlive them. Thread-safe. It trusts its bytes: whoever maps
// them checks them first (check_postings).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

struct Posting {
  std::uint32_t holder = 0;
  std::uint16_t frequency = 0;
};

inline constexpr std::size_t kBlockSize = 128;

/// A frequency and a length. Each posting of a block has, for one of the block's pairs, at most its frequency and at
/// least its length; so no posting scores higher than the best pair, whatever the average length and the parameters.
struct Impact {
  std::uint16_t frequency = 0;
  std::uint16_t length = 0;
};

struct Block {
  std::uint32_t last = 0;    ///< its greatest holder
  std::uint32_t offset = 0;  ///< of its bytes, from the list's first
  std::array<Impact, 4> impacts{};
};

/// Where a block's postings go. Frequencies of metadata are all 1.
struct DecodedBlock {
  std::array<std::uint32_t, kBlockSize> holders{};
  std::array<std::uint16_t, kBlockSize> frequencies{};
  std::size_t size = 0;
};

class Postings {
 public:
  Postings() = default;
  Postings(std::uint32_t size, std::span<const Block> blocks, const unsigned char* bytes)
      : size_(size), blocks_(blocks), bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// The full blocks.
  [[nodiscard]] std::span<const Block> blocks() const { return blocks_; }
  /// Full ones and the rest.
  [[nodiscard]] std::size_t block_count() const { return (size_ + kBlockSize - 1) / kBlockSize; }
  /// Whatever a full block's bits are, it stays within its bytes and within `out`; but it then may name any holder.
  void decode(std::size_t block, DecodedBlock& out) const;

 private:
  void decode_full(std::size_t block, DecodedBlock& out) const;
  void decode_rest(DecodedBlock& out) const;
  /// The greatest holder before the block; 2^32 - 1, which is one before the first, when there is none.
  [[nodiscard]] std::uint32_t holder_before(std::size_t block) const {
    return block == 0 ? ~std::uint32_t{0} : blocks_[block - 1].last;
  }

  std::uint32_t size_ = 0;
  std::span<const Block> blocks_;
  const unsigned char* bytes_ = nullptr;
};

/// Appends the encoded list to `bytes` and its full blocks to `blocks`. `lengths` is by holder; empty: no impacts.
void encode_postings(std::span<const Posting> postings, std::span<const std::uint16_t> lengths, std::string& bytes,
                     std::vector<Block>& blocks);

/// Whether `bytes` are exactly such a list of `size` postings with these full blocks, all of its holders below the
/// limit. The bits of full blocks are not looked at, only where they lie: their number and their greatest holders.
[[nodiscard]] bool check_postings(std::size_t size, std::span<const Block> blocks, std::string_view bytes,
                                  std::uint32_t limit);

}  // namespace ragd::retrieval
