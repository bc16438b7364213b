#include "retrieval/impacts.hpp"

#include "retrieval/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace ragd::retrieval {
namespace {

/// BM25's part of a term's weight, with everything to choose.
double score(double frequency, double length, double average, double k1, double b) {
  return frequency / (frequency + k1 * (1 - b + b * length / average));
}

class RandomBlock {
 public:
  explicit RandomBlock(Random& random) {
    const std::uint32_t frequencies = 1 + random.below(random.below(4) == 0 ? 65'535 : 12);
    const std::uint32_t spread = 1 + random.below(random.below(4) == 0 ? 65'000 : 200);
    for (std::uint32_t holder = 0; holder < kBlockSize; ++holder) {
      postings.push_back({holder, static_cast<std::uint16_t>(1 + random.below(frequencies))});
      lengths.push_back(static_cast<std::uint16_t>(random.below(spread) + random.below(500)));
    }
    find_impacts();
  }

  void find_impacts() { impacts = block_impacts(std::span<const Posting, kBlockSize>(postings), lengths); }

  [[nodiscard]] double most_of_pairs(double average, double k1, double b) const {
    double most = 0;
    for (const Impact& impact : impacts) {
      if (impact.frequency > 0) most = std::max(most, score(impact.frequency, impact.length, average, k1, b));
    }
    return most;
  }
  [[nodiscard]] double most_of_postings(double average, double k1, double b) const {
    double most = 0;
    for (const Posting& posting : postings) {
      most = std::max(most, score(posting.frequency, lengths[posting.holder], average, k1, b));
    }
    return most;
  }
  /// The bound that a single pair could give.
  [[nodiscard]] double most_of_extremes(double average, double k1, double b) const {
    const auto frequency = std::max_element(
        postings.begin(), postings.end(), [](const Posting& a, const Posting& c) { return a.frequency < c.frequency; });
    return score(frequency->frequency, *std::min_element(lengths.begin(), lengths.end()), average, k1, b);
  }

  std::vector<Posting> postings;
  std::vector<std::uint16_t> lengths;
  std::array<Impact, 4> impacts{};
};

TEST(Impacts, DominateEveryPostingOfTheirBlock) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const RandomBlock block(random);
    for (const Posting& posting : block.postings) {
      ASSERT_TRUE(std::any_of(block.impacts.begin(), block.impacts.end(), [&](const Impact& impact) {
        return impact.frequency >= posting.frequency && impact.length <= block.lengths[posting.holder];
      }));
    }
  }
}

TEST(Impacts, BoundScoresWhateverTheParameters) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const RandomBlock block(random);
    for (int turn = 0; turn < 20; ++turn) {
      const double average = random.between(1, 2000);
      const double k1 = random.between(0, 3);
      const double b = random.between(0, 1);
      ASSERT_GE(block.most_of_pairs(average, k1, b), block.most_of_postings(average, k1, b));
    }
  }
}

TEST(Impacts, BoundThemFarCloserThanTheExtremes) {
  Random random(3);
  double room = 0;
  double room_of_extremes = 0;
  for (int round = 0; round < 500; ++round) {
    RandomBlock block(random);
    // Longer chunks have more of everything: many postings that no other one dominates.
    double average = 0;
    for (Posting& posting : block.postings) {
      std::uint16_t& length = block.lengths[posting.holder];
      length = static_cast<std::uint16_t>(40 + random.below(20) * random.below(20));
      posting.frequency = static_cast<std::uint16_t>(1 + random.below(1 + length / 30));
      average += length / static_cast<double>(kBlockSize);
    }
    block.find_impacts();
    const double most = block.most_of_postings(average, 1.2, 0.75);
    room += block.most_of_pairs(average, 1.2, 0.75) - most;
    room_of_extremes += block.most_of_extremes(average, 1.2, 0.75) - most;
  }
  EXPECT_LT(room, room_of_extremes / 3);
}

TEST(Impacts, AreExactlyTheUndominatedPostingsWhereThoseAreFew) {
  std::vector<Posting> postings;
  std::vector<std::uint16_t> lengths;
  for (std::uint32_t holder = 0; holder < kBlockSize; ++holder) {
    postings.push_back({holder, 1});
    lengths.push_back(200);
  }
  postings[5].frequency = 9;
  lengths[5] = 400;
  lengths[77] = 100;
  const auto impacts = block_impacts(std::span<const Posting, kBlockSize>(postings), lengths);
  EXPECT_EQ(impacts[0].frequency, 9);
  EXPECT_EQ(impacts[0].length, 400);
  EXPECT_EQ(impacts[1].frequency, 1);
  EXPECT_EQ(impacts[1].length, 100);
  EXPECT_EQ(impacts[2].frequency, 0);
  EXPECT_EQ(impacts[3].frequency, 0);
}

TEST(Impacts, ComeWithFullBlocksOfListsThatHaveLengths) {
  std::vector<Posting> postings;
  for (std::uint32_t holder = 0; holder < 200; ++holder) postings.push_back({holder, 7});
  std::string bytes;
  std::vector<Block> blocks;
  encode_postings(postings, std::vector<std::uint16_t>(200, 30), bytes, blocks);
  encode_postings(postings, {}, bytes, blocks);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].impacts[0].frequency, 7);
  EXPECT_EQ(blocks[0].impacts[0].length, 30);
  EXPECT_EQ(blocks[1].impacts[0].frequency, 0);
}

}  // namespace
}  // namespace ragd::retrieval
