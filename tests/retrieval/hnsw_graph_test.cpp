#include "retrieval/hnsw_graph.hpp"

#include "retrieval/vector_fixture.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace ragd::retrieval {
namespace {

constexpr std::size_t kDimension = 48;
constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kAtHand = 128;

class Collection {
 public:
  explicit Collection(std::vector<float> numbers, std::size_t dimension = kDimension)
      : numbers_(std::move(numbers)), vectors_{numbers_, dimension}, bytes_(HnswGraph::build(vectors_).value()) {}

  [[nodiscard]] const Vectors& vectors() const { return vectors_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<NearChunk> search(const std::vector<float>& query, std::size_t count,
                                              const Bitmap* allowed) const {
    NearestChunks nearest(kAtHand);
    const auto graph = HnswGraph::map(bytes_, vectors_.size());
    EXPECT_TRUE(graph && graph->search(vectors_, query.data(), allowed, kUnbounded, nearest));
    return std::move(nearest).sorted(count);
  }
  /// Of the nearest ten, on average.
  [[nodiscard]] double recall_of(VectorSource& queries, const Bitmap* allowed) const {
    double sum = 0;
    constexpr int kQueries = 100;
    for (int i = 0; i < kQueries; ++i) {
      const std::vector<float> query = queries.next();
      sum += recall(search(query, 10, allowed), nearest_by_sorting(vectors_, query, 10, allowed));
    }
    return sum / kQueries;
  }

 private:
  std::vector<float> numbers_;
  Vectors vectors_;
  std::string bytes_;
};

TEST(HnswGraph, FindsNearlyAllThatIsNearest) {
  VectorSource source(1, kDimension, 100, 0.7F);
  const Collection collection(source.several(5'000));
  EXPECT_GE(collection.recall_of(source, nullptr), 0.98);
}

TEST(HnswGraph, WalksThroughWhatIsNotAllowed) {
  VectorSource source(2, kDimension, 100, 0.7F);
  const Collection collection(source.several(5'000));
  for (const double chance : {0.5, 0.1}) {
    const Bitmap allowed = source.some(5'000, chance);
    EXPECT_GE(collection.recall_of(source, &allowed), 0.98) << chance;
    for (const NearChunk& near : collection.search(source.next(), 100, &allowed)) EXPECT_TRUE(allowed.test(near.chunk));
  }
}

TEST(HnswGraph, FindsTheOnlyAllowedChunkHoweverFar) {
  VectorSource source(3, kDimension, 10, 0.5F);
  const Collection collection(source.several(1'000));
  for (const std::size_t only : {0U, 500U, 999U}) {
    Bitmap allowed(1'000);
    allowed.set(only);
    EXPECT_EQ(chunks_of(collection.search(source.next(), 10, &allowed)), std::vector{static_cast<std::uint32_t>(only)});
  }
}

TEST(HnswGraph, IsAsGoodWhereNeighboursAreAddedOneAfterAnother) {
  constexpr std::size_t kClusters = 25;
  VectorSource source(4, kDimension, kClusters, 0.1F);
  std::vector<float> numbers;
  for (std::size_t i = 0; i < 5'000; ++i) VectorSource::append(numbers, source.next(i * kClusters / 5'000));
  EXPECT_GE(Collection(std::move(numbers)).recall_of(source, nullptr), 0.98);
}

/// Half of the chunks, in groups of `each` with the same vector.
std::vector<float> with_copies(VectorSource& source, std::size_t count, std::size_t each) {
  std::vector<std::vector<float>> vectors;
  while (vectors.size() < count / 2) vectors.insert(vectors.end(), each, source.next());
  while (vectors.size() < count) vectors.push_back(source.next());
  std::shuffle(vectors.begin(), vectors.end(), source.random());
  std::vector<float> numbers;
  for (const std::vector<float>& vector : vectors) VectorSource::append(numbers, vector);
  return numbers;
}

TEST(HnswGraph, IsNotLedAstrayByCopies) {
  VectorSource source(5, kDimension, 100, 0.7F);
  const Collection collection(with_copies(source, 5'000, 250));
  EXPECT_GE(collection.recall_of(source, nullptr), 0.98);
  const Bitmap allowed = source.some(5'000, 0.5);
  EXPECT_GE(collection.recall_of(source, &allowed), 0.98);
}

TEST(HnswGraph, FindsCopiesInTheOrderOfChunks) {
  VectorSource source(6, kDimension, 20, 0.7F);
  const Collection collection(with_copies(source, 2'000, 200));
  const Bitmap allowed = source.some(2'000, 0.5);
  for (std::size_t chunk = 0; chunk < 2'000; chunk += 37) {
    const std::span<const float> vector = collection.vectors()[chunk];
    const std::vector<float> query(vector.begin(), vector.end());
    EXPECT_EQ(chunks_of(collection.search(query, 10, &allowed)),
              chunks_of(nearest_by_sorting(collection.vectors(), query, 10, &allowed)));
  }
}

TEST(HnswGraph, GivesUpWhenItHasComparedTooOften) {
  VectorSource source(7, kDimension, 20, 0.7F);
  const Collection collection(source.several(1'000));
  const auto graph = HnswGraph::map(collection.bytes(), 1'000);
  ASSERT_TRUE(graph);
  const Bitmap none(1'000);
  NearestChunks nearest(10);
  EXPECT_FALSE(graph->search(collection.vectors(), source.next().data(), &none, 500, nearest));
  EXPECT_TRUE(graph->search(collection.vectors(), source.next().data(), &none, 2'000, nearest));
  EXPECT_EQ(nearest.size(), 0U);
}

TEST(HnswGraph, OfOneVectorOrOfCopiesAlone) {
  VectorSource source(8, 7);
  const std::vector<float> vector = source.next();
  std::vector<float> numbers;
  for (std::uint32_t chunks = 1; chunks < 4; ++chunks) {
    VectorSource::append(numbers, vector);
    std::vector<std::uint32_t> all(chunks);
    for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) all[chunk] = chunk;
    EXPECT_EQ(chunks_of(Collection(numbers, 7).search(source.next(), 5, nullptr)), all);
  }
}

TEST(HnswGraph, OfTheSameVectorsIsTheSame) {
  VectorSource source(9, kDimension, 20, 0.7F);
  const std::vector<float> numbers = source.several(500);
  EXPECT_EQ(Collection(numbers).bytes(), Collection(numbers).bytes());
}

TEST(HnswGraph, RefusesBytesOfAnotherLengthOrNumberOfChunks) {
  VectorSource source(10, 7);
  const Collection collection(source.several(40), 7);
  const std::string& bytes = collection.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(HnswGraph::map(std::string_view(bytes).substr(0, size), 40)) << size;
  }
  EXPECT_FALSE(HnswGraph::map(bytes + '\0', 40));
  EXPECT_FALSE(HnswGraph::map(bytes, 39));
  EXPECT_FALSE(HnswGraph::map(bytes, 41));
}

/// A number at a time replaced: most of it is refused, and what is not can be searched.
TEST(HnswGraph, NeverReadsBeyondItsBytesWhateverTheySay) {
  VectorSource source(11, 7);
  const Collection collection(with_copies(source, 60, 5), 7);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < collection.bytes().size(); at += sizeof(std::uint32_t)) {
    for (const std::uint32_t value : {0U, 1U, 59U, 60U, 1'000U, 0x80000000U, 0xFFFFFFFFU}) {
      std::string bytes = collection.bytes();
      std::memcpy(bytes.data() + at, &value, sizeof value);
      const auto graph = HnswGraph::map(bytes, 60);
      refused += graph ? 0U : 1U;
      NearestChunks nearest(20);
      if (!graph) continue;
      EXPECT_TRUE(graph->search(collection.vectors(), source.next().data(), nullptr, kUnbounded, nearest));
    }
  }
  EXPECT_GT(refused, collection.bytes().size() / sizeof(std::uint32_t) * 3);
}

}  // namespace
}  // namespace ragd::retrieval
