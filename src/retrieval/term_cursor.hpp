// A term's postings in one segment as a search walks them: forward window by window, or looked up chunk by chunk.
//
// Belongs to one search, not thread-safe. Bounds are those of Block's pairs under the query's score.
#pragma once

#include "retrieval/bm25.hpp"
#include "retrieval/postings.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace ragd::retrieval {

/// What a query asks of one segment about one term.
struct WeightedPostings {
  Postings postings;
  double weight = 0;
};

class TermCursor {
 public:
  static constexpr std::uint32_t kEnd = std::numeric_limits<std::uint32_t>::max();

  TermCursor(const WeightedPostings& term, const TermScore& score, std::span<const std::uint16_t> lengths);

  [[nodiscard]] double weight() const { return weight_; }

  /// Leaves everything before `first` behind; no posting that is left is smaller than what it returns.
  std::uint32_t skip_to(std::uint32_t first);

  /// No chunk in [first, last) gets more from this term. After skip_to(first).
  [[nodiscard]] double bound(std::uint32_t last);

  /// Calls visit(chunk, part) for each posting before `last`, and leaves them behind. After skip_to.
  template <class Visit>
  void walk(std::uint32_t last, Visit visit) {
    while (block_ < postings_.block_count() && first_of(block_) < last) {
      load();
      for (; at_ < decoded_.size; ++at_) {
        const std::uint32_t chunk = decoded_.holders[at_];
        if (chunk >= last) return;
        visit(chunk, part(decoded_.frequencies[at_], chunk));
      }
      leave_block();
    }
  }

  /// What the chunk gets from this term; any chunk, at any time.
  [[nodiscard]] double look_up(std::uint32_t chunk);

 private:
  [[nodiscard]] std::uint32_t first_of(std::size_t block) const {
    return block == 0 ? 0 : postings_.blocks()[block - 1].last + 1;
  }
  [[nodiscard]] bool is_full(std::size_t block) const { return block < postings_.blocks().size(); }
  [[nodiscard]] double part(std::uint16_t frequency, std::uint32_t chunk) const {
    return weight_ * score_(frequency, lengths_[chunk]);
  }
  [[nodiscard]] double block_bound(std::size_t block);
  void load();
  void leave_block();

  Postings postings_;
  double weight_;
  TermScore score_;
  std::span<const std::uint16_t> lengths_;
  double rest_bound_ = 0;  ///< of the last block, which has no pairs

  std::size_t block_ = 0;
  bool loaded_ = false;  ///< decoded_ holds block_
  std::size_t at_ = 0;
  DecodedBlock decoded_;

  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::size_t bound_block_ = kNone;
  double bound_ = 0;  ///< of bound_block_

  std::size_t looked_up_ = kNone;
  DecodedBlock found_;  ///< block looked_up_
};

}  // namespace ragd::retrieval
