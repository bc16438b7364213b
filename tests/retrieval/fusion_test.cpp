#include "retrieval/fusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace ragd::retrieval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Ranking = std::vector<Candidate>;
using Scored = std::pair<std::size_t, double>;

constexpr std::size_t kAll = 1'000;
constexpr Fusion kBoth[] = {Fusion::weighted, Fusion::rrf};

std::vector<std::size_t> chunks_of(const std::vector<FusedChunk>& fused) {
  std::vector<std::size_t> chunks;
  for (const FusedChunk& chunk : fused) chunks.push_back(chunk.chunk);
  return chunks;
}

std::vector<std::size_t> chunks_of(const Ranking& ranking) {
  std::vector<std::size_t> chunks;
  for (const Candidate& candidate : ranking) chunks.push_back(candidate.chunk);
  return chunks;
}

std::vector<Scored> content(const std::vector<FusedChunk>& fused) {
  std::vector<Scored> content;
  for (const FusedChunk& chunk : fused) content.emplace_back(chunk.chunk, chunk.score);
  return content;
}

void rank(Ranking& ranking) {
  std::sort(ranking.begin(), ranking.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
  });
}

class Rankings {
 public:
  /// Some of forty chunks, with scores of few values, so that many are equal.
  Ranking next() {
    Ranking ranking;
    const int share = number(0, 10);
    for (std::size_t chunk = 0; chunk < 40; ++chunk) {
      if (number(1, 10) <= share) ranking.push_back({chunk, number(-8, 24) / 16.0});
    }
    rank(ranking);
    return ranking;
  }
  /// An eighth, so that its difference from one is exact.
  double weight() { return number(0, 8) / 8.0; }
  int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

 private:
  std::mt19937 random_{1};
};

TEST(Fusion, WeighsScoresNormalisedWithinEachRanking) {
  const Ranking lexical = {{7, 12}, {3, 9}, {5, 4}};
  const Ranking vectors = {{3, 0.9}, {8, 0.8}, {7, 0.5}};
  const auto fused = fuse(lexical, vectors, Fusion::weighted, 0.25, kAll);
  EXPECT_EQ(chunks_of(fused), (std::vector<std::size_t>{7, 3, 8, 5}));
  EXPECT_DOUBLE_EQ(fused[0].score, 0.75);
  EXPECT_DOUBLE_EQ(fused[1].score, 0.75 * 5 / 8 + 0.25);
  EXPECT_DOUBLE_EQ(fused[2].score, 0.25 * 0.75);
  EXPECT_DOUBLE_EQ(fused[3].score, 0);
}

TEST(Fusion, TakesScoresThatAreAllEqualForTheBest) {
  const auto fused = fuse(Ranking{{4, 0.2}}, Ranking{{2, 0.7}, {9, 0.7}}, Fusion::weighted, 0.5, kAll);
  EXPECT_THAT(content(fused), ElementsAre(Scored(2, 0.5), Scored(4, 0.5), Scored(9, 0.5)));
}

TEST(Fusion, OfReciprocalRanksIsTheirSum) {
  Rankings rankings;
  for (int round = 0; round < 500; ++round) {
    const Ranking lexical = rankings.next();
    const Ranking vectors = rankings.next();
    std::map<std::size_t, double> sums;
    for (const Ranking& ranking : {lexical, vectors}) {
      for (std::size_t i = 0; i < ranking.size(); ++i)
        sums[ranking[i].chunk] += 1 / (60.0 + static_cast<double>(i + 1));
    }
    const auto fused = fuse(lexical, vectors, Fusion::rrf, 0.5, kAll);
    ASSERT_EQ(fused.size(), sums.size());
    for (const FusedChunk& chunk : fused) EXPECT_NEAR(chunk.score, sums[chunk.chunk] * 61 / 2, 1e-12);
  }
}

TEST(Fusion, GivesScoresFromZeroToOneBestFirstTiesByChunk) {
  Rankings rankings;
  for (int round = 0; round < 1'000; ++round) {
    const Ranking lexical = rankings.next();
    const Ranking vectors = rankings.next();
    for (const Fusion how : kBoth) {
      const auto fused = fuse(lexical, vectors, how, rankings.weight(), kAll);
      for (std::size_t i = 0; i < fused.size(); ++i) {
        EXPECT_GE(fused[i].score, 0);
        EXPECT_LE(fused[i].score, 1);
        if (i > 0) {
          EXPECT_LT(std::pair(-fused[i - 1].score, fused[i - 1].chunk), std::pair(-fused[i].score, fused[i].chunk));
        }
      }
    }
  }
}

TEST(Fusion, WithAllTheWeightOnOneSideIsThatSide) {
  Rankings rankings;
  for (int round = 0; round < 1'000; ++round) {
    const Ranking lexical = rankings.next();
    const Ranking vectors = rankings.next();
    for (const Fusion how : kBoth) {
      EXPECT_EQ(chunks_of(fuse(lexical, vectors, how, 0, kAll)), chunks_of(lexical));
      EXPECT_EQ(chunks_of(fuse(lexical, vectors, how, 1, kAll)), chunks_of(vectors));
      const double weight = rankings.number(1, 7) / 8.0;
      EXPECT_EQ(chunks_of(fuse(lexical, {}, how, weight, kAll)), chunks_of(lexical));
      EXPECT_EQ(chunks_of(fuse({}, vectors, how, weight, kAll)), chunks_of(vectors));
    }
  }
}

TEST(Fusion, IsTheSameWithTheSidesAndTheirWeightsExchanged) {
  Rankings rankings;
  for (int round = 0; round < 1'000; ++round) {
    const Ranking lexical = rankings.next();
    const Ranking vectors = rankings.next();
    const double weight = rankings.weight();
    for (const Fusion how : kBoth) {
      EXPECT_EQ(content(fuse(lexical, vectors, how, weight, kAll)),
                content(fuse(vectors, lexical, how, 1 - weight, kAll)));
    }
  }
}

TEST(Fusion, NeverRanksAChunkLowerForABetterScore) {
  Rankings rankings;
  for (int round = 0; round < 2'000; ++round) {
    Ranking sides[] = {rankings.next(), rankings.next()};
    Ranking& side = sides[rankings.number(0, 1)];
    if (side.empty()) continue;
    const Fusion how = kBoth[rankings.number(0, 1)];
    const double weight = rankings.weight();
    const auto position_of = [&](std::size_t chunk) {
      const auto chunks = chunks_of(fuse(sides[0], sides[1], how, weight, kAll));
      return std::find(chunks.begin(), chunks.end(), chunk) - chunks.begin();
    };
    Candidate& raised = side[static_cast<std::size_t>(rankings.number(0, static_cast<int>(side.size()) - 1))];
    const std::size_t chunk = raised.chunk;
    const auto before = position_of(chunk);
    raised.score += rankings.number(1, 20) / 16.0;
    rank(side);
    EXPECT_LE(position_of(chunk), before);
  }
}

TEST(Fusion, GivesTheBestOfAllWhenFewAreWanted) {
  Rankings rankings;
  for (int round = 0; round < 200; ++round) {
    const Ranking lexical = rankings.next();
    const Ranking vectors = rankings.next();
    for (const Fusion how : kBoth) {
      const std::vector<Scored> all = content(fuse(lexical, vectors, how, 0.5, kAll));
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
        const auto few = content(fuse(lexical, vectors, how, 0.5, count));
        EXPECT_EQ(few, std::vector<Scored>(all.begin(),
                                           all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()))));
      }
    }
  }
}

TEST(Fusion, OfNothingIsNothing) {
  for (const Fusion how : kBoth) EXPECT_THAT(fuse({}, {}, how, 0.5, kAll), IsEmpty());
}

}  // namespace
}  // namespace ragd::retrieval
