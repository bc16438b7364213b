#include "retrieval/vectors.hpp"

#include "retrieval/vector_fixture.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace ragd::retrieval {
namespace {

TEST(DotProduct, IsExactForSmallWholeNumbersOfAnyDimension) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> whole(-9, 9);
  for (std::size_t dimension = 1; dimension < 140; ++dimension) {
    std::vector<float> a(dimension);
    std::vector<float> b(dimension);
    for (float& value : a) value = static_cast<float>(whole(random));
    for (float& value : b) value = static_cast<float>(whole(random));
    EXPECT_EQ(dot_product(a.data(), b.data(), dimension), std::inner_product(a.begin(), a.end(), b.begin(), 0.0F))
        << dimension;
  }
}

TEST(DotProduct, IsThatOfDoublesWithinRounding) {
  for (const std::size_t dimension : {1U, 7U, 383U, 384U, 1024U}) {
    VectorSource source(2, dimension);
    for (int i = 0; i < 50; ++i) {
      const std::vector<float> a = source.next();
      const std::vector<float> b = source.next();
      EXPECT_NEAR(dot_product(a.data(), b.data(), dimension), std::inner_product(a.begin(), a.end(), b.begin(), 0.0),
                  1e-6);
    }
  }
}

TEST(DotProduct, IsTheSameBothWays) {
  VectorSource source(3, 383);
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> a = source.next();
    const std::vector<float> b = source.next();
    EXPECT_EQ(dot_product(a.data(), b.data(), a.size()), dot_product(b.data(), a.data(), a.size()));
  }
}

}  // namespace
}  // namespace ragd::retrieval
