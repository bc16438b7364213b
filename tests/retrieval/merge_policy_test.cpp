#include "retrieval/merge_policy.hpp"

#include "retrieval/index_fixture.hpp"

#include <gtest/gtest.h>

namespace ragd::retrieval {
namespace {

SegmentView view_of(std::uint64_t number, std::size_t documents) {
  std::vector<store::StoredDocument> stored;
  for (std::size_t i = 0; i < documents; ++i) {
    stored.push_back(make_document(std::to_string(number) + "-" + std::to_string(i), "zebra"));
  }
  return {number, Segment::build(indexed(stored))};
}

std::vector<std::uint64_t> numbers(const Merge& merge) {
  std::vector<std::uint64_t> numbers;
  for (const SegmentView& view : merge.sources) numbers.push_back(view.number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(MergePolicy, MergesATierWhenItIsFull) {
  std::vector<SegmentView> segments = {view_of(100, 500)};
  for (std::uint64_t number = 1; number < kFanOut; ++number) segments.push_back(view_of(number, 2));
  EXPECT_TRUE(next_merge(segments).sources.empty());
  segments.push_back(view_of(kFanOut, 1));
  const Merge merge = next_merge(segments);
  EXPECT_EQ(numbers(merge), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(merge.live, 2 * (7 * 2 + 1U)) << "each document has one chunk";
}

TEST(MergePolicy, WritesAnewWhatIsMostlyDead) {
  SegmentView view = view_of(1, 10);
  const auto after = [&view](std::vector<std::uint32_t> documents) { return view.after({std::move(documents), {}}); };
  EXPECT_TRUE(next_merge(std::vector{after({0, 1, 2, 3, 4})}).sources.empty());
  const Merge merge = next_merge(std::vector{after({0, 1, 2, 3, 4, 5})});
  EXPECT_EQ(numbers(merge), std::vector<std::uint64_t>{1});
  EXPECT_EQ(merge.live, 8U);
}

TEST(MergePolicy, LeavesASingleSegmentAlone) {
  EXPECT_TRUE(next_merge({}).sources.empty());
  EXPECT_TRUE(next_merge(std::vector{view_of(1, 3)}).sources.empty());
}

}  // namespace
}  // namespace ragd::retrieval
