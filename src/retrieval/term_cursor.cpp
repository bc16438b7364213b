#include "retrieval/term_cursor.hpp"

#include <algorithm>

namespace ragd::retrieval {

TermCursor::TermCursor(const WeightedPostings& term, const TermScore& score, std::span<const std::uint16_t> lengths)
    : postings_(term.postings), weight_(term.weight), score_(score), lengths_(lengths) {
  const std::size_t last = postings_.block_count() - 1;
  if (is_full(last)) return;
  looked_up_ = last;
  postings_.decode(last, found_);
  for (std::size_t i = 0; i < found_.size; ++i) {
    rest_bound_ = std::max(rest_bound_, part(found_.frequencies[i], found_.holders[i]));
  }
}

void TermCursor::load() {
  if (loaded_) return;
  if (looked_up_ == block_) {
    decoded_ = found_;
  } else {
    postings_.decode(block_, decoded_);
  }
  loaded_ = true;
}

void TermCursor::leave_block() {
  ++block_;
  loaded_ = false;
  at_ = 0;
}

std::uint32_t TermCursor::skip_to(std::uint32_t first) {
  while (is_full(block_) && postings_.blocks()[block_].last < first) leave_block();
  if (block_ == postings_.block_count()) return kEnd;
  // Without decoding it is only known where a full block may begin, which is enough until it matters.
  if (!loaded_ && is_full(block_) && first_of(block_) >= first) return first_of(block_);
  load();
  while (at_ < decoded_.size && decoded_.holders[at_] < first) ++at_;
  if (at_ < decoded_.size) return decoded_.holders[at_];
  leave_block();
  return block_ == postings_.block_count() ? kEnd : first_of(block_);
}

double TermCursor::bound(std::uint32_t last) {
  if (loaded_ && at_ < decoded_.size && decoded_.holders[at_] >= last) return 0;
  double bound = 0;
  for (std::size_t block = block_; block < postings_.block_count() && first_of(block) < last; ++block) {
    bound = std::max(bound, block_bound(block));
  }
  return bound;
}

double TermCursor::block_bound(std::size_t block) {
  if (!is_full(block)) return rest_bound_;
  if (bound_block_ == block) return bound_;
  double best = 0;
  for (const Impact& impact : postings_.blocks()[block].impacts) {
    if (impact.frequency == 0) break;
    best = std::max(best, score_(impact.frequency, impact.length));
  }
  bound_block_ = block;
  bound_ = weight_ * best;
  return bound_;
}

double TermCursor::look_up(std::uint32_t chunk) {
  const auto blocks = postings_.blocks();
  const auto at = std::lower_bound(blocks.begin(), blocks.end(), chunk,
                                   [](const Block& block, std::uint32_t wanted) { return block.last < wanted; });
  const auto block = static_cast<std::size_t>(at - blocks.begin());
  if (block == postings_.block_count()) return 0;
  if (looked_up_ != block) {
    postings_.decode(block, found_);
    looked_up_ = block;
  }
  const auto end = found_.holders.begin() + static_cast<std::ptrdiff_t>(found_.size);
  const auto holder = std::lower_bound(found_.holders.begin(), end, chunk);
  if (holder == end || *holder != chunk) return 0;
  return part(found_.frequencies[static_cast<std::size_t>(holder - found_.holders.begin())], chunk);
}

}  // namespace ragd::retrieval
