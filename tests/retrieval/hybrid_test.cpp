#include "retrieval/hybrid.hpp"

#include "retrieval/vector_fixture.hpp"
#include "retrieval/vector_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ragd::retrieval {
namespace {

std::string name_of(const RankedChunk& ranked) {
  return std::string(ranked.segment->id(ranked.segment->document_of(ranked.chunk))) + "#" +
         std::to_string(ranked.chunk);
}

std::vector<std::string> names_of(const std::vector<RankedChunk>& ranking) {
  std::vector<std::string> names;
  for (const RankedChunk& ranked : ranking) names.push_back(name_of(ranked));
  return names;
}

TEST(Hybrid, AddsWhatBothSidesSayOfAChunk) {
  const Vector any = {1};
  const SegmentPtr segment = segment_of_vectors({{"a", 1, {any}}, {"b", 1, {any}}, {"c", 1, {any}}});
  const auto at = [&](double score, std::uint32_t chunk) { return RankedChunk{score, segment.get(), chunk}; };
  const auto fused =
      fuse_chunks({at(0.9, 0), at(0.5, 1), at(0.1, 2)}, {at(0.8, 1), at(0.2, 2)}, Fusion::weighted, 0.5, 10);
  EXPECT_EQ(names_of(fused), (std::vector<std::string>{"b#1", "a#0", "c#2"}));
  EXPECT_DOUBLE_EQ(fused[0].score, 0.75);
  EXPECT_DOUBLE_EQ(fused[1].score, 0.5);
  EXPECT_EQ(fuse_chunks({at(0.9, 0)}, {at(0.8, 1)}, Fusion::weighted, 0.5, 1).size(), 1U);
}

TEST(Hybrid, BreaksTiesByDocumentWhateverItsSegment) {
  const Vector any = {1};
  const SegmentPtr first = segment_of_vectors({{"b", 1, {any}}});
  const SegmentPtr second = segment_of_vectors({{"a", 1, {any}}});
  const auto fused = fuse_chunks({{0.5, first.get(), 0}}, {{0.5, second.get(), 0}}, Fusion::weighted, 0.5, 10);
  EXPECT_EQ(names_of(fused), (std::vector<std::string>{"a#0", "b#0"}));
}

/// Over segments of every kind, some of it dead, against all vectors compared.
TEST(VectorSearch, FindsTheNearestOfAllSegments) {
  constexpr std::size_t kDimension = 8;
  VectorSource source(1, kDimension);
  std::vector<SegmentView> views;
  for (std::uint64_t number = 1; number <= 5; ++number) {
    std::vector<EmbeddedDocument> documents = some_documents(source, 60, 0.3);
    for (EmbeddedDocument& document : documents) document.id += "s" + std::to_string(number);
    SegmentView view(number, segment_of_vectors(documents));
    Burial burial;
    for (std::uint32_t document = 0; document < 60; ++document) {
      if (source.number(4) == 0) burial.documents.push_back(document);
    }
    views.push_back(view.after(burial));
  }
  const Snapshot snapshot("v", views);
  for (int round = 0; round < 20; ++round) {
    const Vector query = source.next();
    std::vector<RankedChunk> all;
    for (const SegmentView& view : views) {
      for (std::uint32_t document = 0; document < 60; ++document) {
        if (view.is_dead(document)) continue;
        const Vectors its{view.segment->vectors().of(document), kDimension};
        for (std::uint32_t i = 0; i < its.size(); ++i) {
          all.push_back({its.similarity(i, query.data()), view.segment.get(), view.segment->first_chunk(document) + i});
        }
      }
    }
    std::sort(all.begin(), all.end(), ranks_before);
    const auto least = [](const RankedChunk& ranked) { return ranked.score >= 0.1; };
    all.erase(std::find_if_not(all.begin(), all.end(), least), all.end());
    all.resize(std::min<std::size_t>(all.size(), 10));
    EXPECT_EQ(names_of(nearest_chunks(snapshot, query, 10, 0.1, {})), names_of(all));
  }
  EXPECT_EQ(cost_of_vectors(snapshot) % kDimension, 0U);
  EXPECT_GT(cost_of_vectors(snapshot), 100 * kDimension);
}

TEST(Snapshot, CountsTheLiveChunksWithVectors) {
  VectorSource source(2, 4);
  SegmentView view(1, segment_of_vectors({one_document(source, 3, "a"), {"b", 2, {}}, one_document(source, 1, "c")}));
  EXPECT_EQ(Snapshot("v", {view}).embedded(), 4U);
  Burial burial;
  burial.documents = {0, 1};
  EXPECT_EQ(Snapshot("v", {view.after(burial)}).embedded(), 1U);
}

}  // namespace
}  // namespace ragd::retrieval
