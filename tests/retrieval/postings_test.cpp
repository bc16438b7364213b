#include "retrieval/postings.hpp"

#include "retrieval/random.hpp"
#include "retrieval/segment_fixture.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace ragd::retrieval {
namespace {

constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

/// An encoded list in bytes of exactly its size, so that a sanitizer sees whatever is read beyond.
class Encoded {
 public:
  explicit Encoded(const std::vector<Posting>& postings, const std::vector<std::uint16_t>& lengths = {})
      : size_(postings.size()) {
    std::string encoded;
    encode_postings(postings, lengths, encoded, blocks);
    bytes.assign(encoded.begin(), encoded.end());
  }

  [[nodiscard]] Postings list() const { return {static_cast<std::uint32_t>(size_), blocks, bytes.data()}; }
  [[nodiscard]] bool check(std::uint32_t limit = kNoLimit) const {
    return check_postings(size_, blocks, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, limit);
  }

  std::vector<unsigned char> bytes;
  std::vector<Block> blocks;

 private:
  std::size_t size_;
};

PlainPostings plain(const std::vector<Posting>& postings) {
  PlainPostings all;
  for (const Posting& posting : postings) all.emplace_back(posting.holder, posting.frequency);
  return all;
}

std::vector<Posting> random_postings(Random& random, std::size_t size) {
  std::vector<Posting> postings;
  const std::uint32_t gap_bits = random.below(21);
  const std::uint32_t frequency_bits = random.below(17);
  std::uint32_t holder = random.any_magnitude(gap_bits);
  for (std::size_t i = 0; i < size; ++i) {
    const auto frequency = std::max<std::uint32_t>(1, random.any_magnitude(frequency_bits));
    postings.push_back({holder, static_cast<std::uint16_t>(frequency)});
    holder += 1 + random.any_magnitude(gap_bits);
  }
  return postings;
}

TEST(Postings, ComeBackAsTheyWereEncoded) {
  Random random(1);
  for (std::size_t size = 0; size <= 1000; ++size) {
    const std::vector<Posting> postings = random_postings(random, size);
    const Encoded encoded(postings);
    ASSERT_EQ(encoded.list().blocks().size(), size / kBlockSize);
    ASSERT_EQ(plain(encoded.list()), plain(postings)) << size;
    ASSERT_EQ(encoded.check(), size > 0) << size;
  }
}

TEST(Postings, TakeEveryWidthOfGapsAndFrequencies) {
  for (unsigned width = 0; width <= 24; ++width) {
    std::vector<Posting> postings;
    const std::uint32_t gap = std::uint32_t{1} << width;
    const auto most = static_cast<std::uint16_t>((std::uint32_t{1} << std::min(width, 16U)) - 1);
    for (std::uint32_t i = 0; i < 2 * kBlockSize; ++i) {
      postings.push_back({gap - 1 + i * gap, i % 2 == 0 ? std::max<std::uint16_t>(1, most) : std::uint16_t{1}});
    }
    EXPECT_EQ(plain(Encoded(postings).list()), plain(postings)) << width;
  }
}

TEST(Postings, TakeTheGreatestGapsAndFrequencies) {
  constexpr std::uint16_t kMost = std::numeric_limits<std::uint16_t>::max();
  std::vector<Posting> rest = {{0, kMost}, {kNoLimit, kMost}};
  EXPECT_EQ(plain(Encoded(rest).list()), plain(rest));
  rest = {{kNoLimit, 1}};
  EXPECT_EQ(plain(Encoded(rest).list()), plain(rest));
  // The whole range of holders in one gap of a full block, at its beginning, in its middle, at its end.
  for (const std::size_t low : {std::size_t{0}, std::size_t{50}, kBlockSize - 1}) {
    std::vector<Posting> block;
    for (std::uint32_t i = 0; i < kBlockSize; ++i) {
      block.push_back({i < low ? i : kNoLimit - static_cast<std::uint32_t>(kBlockSize) + 1 + i, kMost});
    }
    EXPECT_EQ(plain(Encoded(block).list()), plain(block)) << low;
  }
}

TEST(Postings, NameTheGreatestHolderOfEachFullBlock) {
  std::vector<Posting> postings;
  for (std::uint32_t i = 0; i < 300; ++i) postings.push_back({10 * i, 1});
  const Encoded encoded(postings);
  ASSERT_EQ(encoded.blocks.size(), 2U);
  EXPECT_EQ(encoded.blocks[0].last, 1270U);
  EXPECT_EQ(encoded.blocks[1].last, 2550U);
  EXPECT_EQ(encoded.list().block_count(), 3U);
}

TEST(Postings, CostABitForEachBitOfTheGreatestGap) {
  std::vector<Posting> dense;
  for (std::uint32_t i = 0; i < kBlockSize; ++i) dense.push_back({i, 1});
  EXPECT_EQ(Encoded(dense).bytes.size(), 2U);
  dense.back().holder += 8;
  EXPECT_EQ(Encoded(dense).bytes.size(), 2U + kBlockSize * 4 / 8);
  dense.front().frequency = 4;
  EXPECT_EQ(Encoded(dense).bytes.size(), 2U + kBlockSize * 6 / 8);
  EXPECT_EQ(Encoded({{63, 1}}).bytes.size(), 1U);
}

TEST(CheckPostings, RefusesBytesCutShortOrTooLong) {
  Random random(2);
  for (const std::size_t size : {1U, 127U, 128U, 300U}) {
    Encoded encoded(random_postings(random, size));
    const std::vector<unsigned char> whole = encoded.bytes;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      encoded.bytes.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      ASSERT_FALSE(encoded.check()) << length;
    }
    encoded.bytes = whole;
    encoded.bytes.push_back(0);
    EXPECT_FALSE(encoded.check());
  }
}

TEST(CheckPostings, RefusesAHolderBeyondTheLimit) {
  for (const std::uint32_t size : {1U, 100U, 128U, 200U, 256U}) {
    std::vector<Posting> postings;
    for (std::uint32_t i = 0; i < size; ++i) postings.push_back({3 * i, 2});
    const Encoded encoded(postings);
    EXPECT_TRUE(encoded.check(3 * size - 2)) << size;
    EXPECT_FALSE(encoded.check(3 * size - 3)) << size;
  }
}

TEST(CheckPostings, RefusesBlocksThatAreNotWhereTheySay) {
  Random random(3);
  const Encoded sound(random_postings(random, 400));
  ASSERT_TRUE(sound.check());
  Encoded encoded = sound;
  encoded.blocks[1].offset += 1;
  EXPECT_FALSE(encoded.check());
  encoded = sound;
  encoded.blocks[1].last = encoded.blocks[0].last + kBlockSize - 1;
  EXPECT_FALSE(encoded.check());
  encoded = sound;
  encoded.blocks.pop_back();
  EXPECT_FALSE(encoded.check());
}

TEST(CheckPostings, RefusesWidthsThatNoNumberHas) {
  std::vector<Posting> postings;
  for (std::uint32_t i = 0; i < kBlockSize; ++i) postings.push_back({i, 65'535});
  postings.back().holder = kNoLimit - 1;
  const Encoded sound(postings);
  ASSERT_EQ(sound.bytes[0], 32);
  ASSERT_EQ(sound.bytes[1], 16);
  ASSERT_TRUE(sound.check());
  for (const int more : {-1, 1}) {  // so that the bytes are as many as before
    Encoded encoded = sound;
    encoded.bytes[0] = static_cast<unsigned char>(encoded.bytes[0] + more);
    encoded.bytes[1] = static_cast<unsigned char>(encoded.bytes[1] - more);
    EXPECT_FALSE(encoded.check());
  }
}

TEST(CheckPostings, LeavesNothingThatDecodesOutOfBounds) {
  Random random(4);
  for (int round = 0; round < 3000; ++round) {
    Encoded encoded(random_postings(random, 1 + random.below(300)));
    for (std::uint32_t damage = random.below(3); damage <= 3; ++damage) {
      encoded.bytes[random.below(static_cast<std::uint32_t>(encoded.bytes.size()))] ^=
          static_cast<unsigned char>(1U << random.below(8));
    }
    if (!encoded.check()) continue;
    // Memory is what the sanitizer looks at; the number of postings is known without their bits.
    ASSERT_EQ(plain(encoded.list()).size(), encoded.list().size());
  }
}

}  // namespace
}  // namespace ragd::retrieval
