#include "obs/buckets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace ragd::obs {
namespace {

std::size_t searched(const std::vector<double>& bounds, double value) {
  return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
}

void expect_same(const Buckets& buckets, const std::vector<double>& bounds, double value) {
  EXPECT_EQ(buckets.of_any(value), searched(bounds, value)) << value;
  if (Buckets::usual(value)) {
    EXPECT_EQ(buckets.of(value), searched(bounds, value)) << value;
  }
}

class EveryBound : public testing::TestWithParam<std::vector<double>> {};

TEST_P(EveryBound, FindsWhatASearchFinds) {
  const std::vector<double>& bounds = GetParam();
  const Buckets buckets(bounds);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bound : bounds) {
    for (const double value : {bound, std::nextafter(bound, -1.0), std::nextafter(bound, kInfinity)}) {
      expect_same(buckets, bounds, value);
    }
  }
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-40, 20);
  for (int i = 0; i < 20'000; ++i) expect_same(buckets, bounds, std::exp2(exponent(random)));
}

INSTANTIATE_TEST_SUITE_P(Buckets, EveryBound,
                         testing::Values(std::vector<double>{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                             1.0, 2.0, 5.0, 10.0, 30.0, 60.0},
                                         std::vector<double>{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0},
                                         std::vector<double>{0.0, 1.0, 2.0, 3.0, 5.0, 10.0}, std::vector<double>{0.0},
                                         std::vector<double>{}));

TEST(Buckets, FindAPlaceForEveryNumber) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Buckets buckets(std::array{0.0, 1.0});
  for (const double value : {-kInfinity, -1.0, -0.0, 0.0}) EXPECT_EQ(buckets.of_any(value), 0U) << value;
  EXPECT_EQ(buckets.of_any(std::numeric_limits<double>::denorm_min()), 1U);
  for (const double value : {1.5, 1e300, kInfinity}) EXPECT_EQ(buckets.of_any(value), 2U) << value;
}

TEST(Buckets, HoldOnlyPlainNumbersForUsual) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, -0.0, -1.0, 1e-12, 1e9, kInfinity, -kInfinity, std::nan(""), -std::nan("")}) {
    EXPECT_FALSE(Buckets::usual(value)) << value;
  }
  for (const double value : {1e-9, 1e-6, 1.0, 60.0, 10'000.0}) EXPECT_TRUE(Buckets::usual(value)) << value;
}

TEST(Buckets, RefuseBoundsTheyCouldNotTellApart) {
  EXPECT_THROW(Buckets(std::array{1.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::array{2.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::array{-1.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::array{1.0, 1.01}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::array{1.0, 1e6}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::array{std::nan("")}), std::invalid_argument);
  EXPECT_THROW(Buckets(std::vector<double>(Buckets::kMaxBounds + 1, 1.0)), std::invalid_argument);
}

}  // namespace
}  // namespace ragd::obs
