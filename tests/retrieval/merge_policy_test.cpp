#include "retrieval/merge_policy.hpp"

#include "retrieval/index_fixture.hpp"
#include "retrieval/vector_fixture.hpp"

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

SegmentView with_vectors(VectorSource& source, std::uint64_t number, std::size_t chunks, std::size_t graph_rows) {
  return {number, segment_of_vectors({one_document(source, chunks, std::to_string(number))}, graph_rows)};
}

TEST(MergePolicy, BringsVectorsTogetherAsSoonAsTheyAreEnoughForAGraph) {
  VectorSource source(1, 2);
  std::vector<SegmentView> views;
  views.push_back(with_vectors(source, 1, kGraphRows - 10, kGraphRows));
  views.push_back(with_vectors(source, 2, 9, kGraphRows));
  EXPECT_TRUE(next_merge(views).sources.empty());
  views.push_back(with_vectors(source, 3, 1, kGraphRows));
  const Merge merge = next_merge(views);
  EXPECT_EQ(merge.sources.size(), 3U);
  EXPECT_TRUE(merge.makes_graph());
  EXPECT_TRUE(next_merge(views, {.graph = false}).sources.empty());
}

TEST(MergePolicy, PassesOverWhatCannotBeDoneNow) {
  VectorSource source(1, 2);
  std::vector<SegmentView> views;
  SegmentView large(100, segment_of_vectors({one_document(source, 600, "dead"), one_document(source, 400, "live")}));
  Burial burial;
  burial.documents = {0};
  views.push_back(large.after(burial));
  for (std::uint64_t number = 1; number <= kFanOut; ++number) {
    views.push_back(with_vectors(source, number, 1, kGraphRows));
  }
  EXPECT_EQ(next_merge(views).sources.size(), 1U) << "what is mostly dead comes first";
  const Merge small = next_merge(views, {.largest = 100});
  EXPECT_EQ(small.sources.size(), kFanOut);
  EXPECT_EQ(small.sources.front().number, 1U) << "in the order they were made";
}

}  // namespace
}  // namespace ragd::retrieval
