#include "retrieval/impacts.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace ragd::retrieval {

namespace {

/// Frequencies from this on share a pair: what more of the same word brings is next to nothing by then.
constexpr std::uint16_t kMany = 63;

/// The postings no other one dominates: frequencies fall and lengths with them.
struct Frontier {
  std::array<Impact, kMany> pairs{};
  std::size_t size = 0;
  std::uint64_t average_length = 0;
};

Frontier frontier_of(std::span<const Posting, kBlockSize> block, std::span<const std::uint16_t> lengths) {
  std::array<std::uint16_t, kMany + 1> shortest{};  // by frequency
  shortest.fill(std::numeric_limits<std::uint16_t>::max());
  std::uint64_t present = 0;
  std::uint64_t total = 0;
  std::uint16_t most = 0;
  for (const Posting& posting : block) {
    const std::uint16_t length = lengths[posting.holder];
    const std::uint16_t frequency = std::min(posting.frequency, kMany);
    shortest[frequency] = std::min(shortest[frequency], length);
    present |= std::uint64_t{1} << frequency;
    most = std::max(most, posting.frequency);
    total += length;
  }
  Frontier frontier;
  frontier.average_length = total / kBlockSize;
  for (; present != 0; present &= ~std::bit_floor(present)) {
    const auto frequency = static_cast<std::uint16_t>(std::bit_width(present) - 1);
    const std::uint16_t length = shortest[frequency];
    if (frontier.size > 0 && length >= frontier.pairs[frontier.size - 1].length) continue;
    frontier.pairs[frontier.size++] = {frequency == kMany ? most : frequency, length};
  }
  return frontier;
}

/// With b = 0.75 a score is a rising function of frequency / drag, whatever k1 is.
std::uint64_t drag(std::uint16_t length, std::uint64_t average) {
  return average + std::uint64_t{length} * 3;
}

/// Whether the pair that dominates a and its neighbour scores less than the one for b and its neighbour. What scores
/// least is merged first: a block's bound is that of its best pair, which so stays exact the longest.
bool costs_less(const Impact* a, const Impact* b, std::uint64_t average) {
  return a->frequency * drag(b[1].length, average) < b->frequency * drag(a[1].length, average);
}

}  // namespace

std::array<Impact, 4> block_impacts(std::span<const Posting, kBlockSize> block,
                                    std::span<const std::uint16_t> lengths) {
  std::array<Impact, 4> impacts{};
  Frontier frontier = frontier_of(block, lengths);
  Impact* const pairs = frontier.pairs.data();
  while (frontier.size > impacts.size()) {
    std::size_t cheapest = 0;
    for (std::size_t i = 1; i + 1 < frontier.size; ++i) {
      if (costs_less(pairs + i, pairs + cheapest, frontier.average_length)) cheapest = i;
    }
    pairs[cheapest].length = pairs[cheapest + 1].length;
    std::copy(pairs + cheapest + 2, pairs + frontier.size, pairs + cheapest + 1);
    --frontier.size;
  }
  std::copy_n(pairs, frontier.size, impacts.begin());
  return impacts;
}

}  // namespace ragd::retrieval
