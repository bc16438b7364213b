#include "base/text_distance.hpp"

#include <gtest/gtest.h>

namespace ragd::base {
namespace {

TEST(EditDistance, CountsSlipsOfTheFinger) {
  EXPECT_EQ(edit_distance("cache.ttl", "cache.ttl"), 0U);
  EXPECT_EQ(edit_distance("cache.tll", "cache.ttl"), 1U);
  EXPECT_EQ(edit_distance("lsiten", "listen"), 1U) << "two neighbours swapped are one slip";
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Closest, FindsTheNameThatWasMeant) {
  EXPECT_EQ(closest("cache.tll", {"cors.origins", "cache.ttl", "cache.hot_bytes"}), "cache.ttl");
}

TEST(Closest, SuggestsNothingFarFetched) {
  EXPECT_EQ(closest("banana", {"cache.ttl", "listen"}), std::nullopt);
  EXPECT_EQ(closest(std::string(100'000, 'x'), {"listen"}), std::nullopt);
}

TEST(DidYouMean, QuotesAsAsked) {
  EXPECT_EQ(did_you_mean("aks", {"ask"}, "'"), " (did you mean 'ask'?)");
  EXPECT_EQ(did_you_mean("--josn", {"--json"}), " (did you mean --json?)");
  EXPECT_EQ(did_you_mean("zzz", {"ask"}), "");
}

}  // namespace
}  // namespace ragd::base
