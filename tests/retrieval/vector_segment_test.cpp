#include "retrieval/vector_segment.hpp"

#include "base/hash.hpp"
#include "retrieval/vector_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

namespace ragd::retrieval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kAlways = 0;  ///< as `graph_chunks`

/// What can be asked of a segment about its documents, by id.
std::map<std::string, std::vector<float>> content(const VectorSegment& segment) {
  std::map<std::string, std::vector<float>> content;
  for (std::size_t document = 0; document < segment.documents(); ++document) {
    std::vector<float>& vectors = content[std::string(segment.id(document))];
    for (std::size_t chunk = segment.first_chunk(document); chunk < segment.first_chunk(document + 1); ++chunk) {
      EXPECT_EQ(segment.document_of(chunk), document);
      vectors.insert(vectors.end(), segment.vector(chunk).begin(), segment.vector(chunk).end());
    }
  }
  return content;
}

std::map<std::string, std::vector<float>> content(const std::vector<EmbeddedDocument>& documents) {
  std::map<std::string, std::vector<float>> content;
  for (const EmbeddedDocument& document : documents) content[document.id] = document.vectors;
  return content;
}

Vectors vectors_of(const VectorSegment& segment) {
  return {{segment.vector(0).data(), segment.chunks() * segment.dimension()}, segment.dimension()};
}

void expect_nearest_by_sorting(const VectorSegment& segment, VectorSource& source, const Bitmap* allowed) {
  for (const std::size_t count : {1U, 10U, 1'000U}) {
    const std::vector<float> query = source.next();
    const std::vector<NearChunk> found = segment.nearest(query, count, allowed);
    const std::vector<NearChunk> expected = nearest_by_sorting(vectors_of(segment), query, count, allowed);
    ASSERT_EQ(chunks_of(found), chunks_of(expected));
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].similarity, expected[i].similarity);
  }
}

TEST(VectorSegment, HoldsItsDocumentsInOrderOfId) {
  const auto segment = VectorSegment::build({{"b", {1, 0, 0, 1}}, {"", {}}, {"c", {}}, {"a", {0.6F, 0.8F}}}, 2);
  EXPECT_EQ(segment->dimension(), 2U);
  EXPECT_EQ(segment->documents(), 4U);
  EXPECT_EQ(segment->chunks(), 3U);
  EXPECT_EQ(segment->id(1), "a");
  EXPECT_EQ(segment->find(""), 0U);
  EXPECT_EQ(segment->find("b"), 2U);
  EXPECT_EQ(segment->find("c"), 3U);
  EXPECT_EQ(segment->find("bb"), VectorSegment::kNotHere);
  EXPECT_EQ(segment->find("d"), VectorSegment::kNotHere);
  EXPECT_EQ(segment->first_chunk(2), 1U);
  EXPECT_EQ(segment->first_chunk(3), 3U);
  EXPECT_EQ(segment->first_chunk(4), 3U);
  EXPECT_EQ(segment->document_of(0), 1U);
  EXPECT_EQ(segment->document_of(2), 2U);
  EXPECT_THAT(segment->vector(0), ElementsAre(0.6F, 0.8F));
  EXPECT_THAT(segment->vector(2), ElementsAre(0, 1));
}

TEST(VectorSegment, HoldsWhatItWasBuiltFrom) {
  for (const std::size_t dimension : {1U, 7U, 384U}) {
    VectorSource source(1, dimension);
    const std::vector<EmbeddedDocument> documents = some_documents(source, 100);
    EXPECT_EQ(content(*VectorSegment::build(documents, dimension)), content(documents));
    EXPECT_EQ(content(*VectorSegment::build(documents, dimension, kAlways)), content(documents));
  }
}

TEST(VectorSegment, MayBeOfNothing) {
  for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
    for (const auto& documents : {std::vector<EmbeddedDocument>{}, std::vector<EmbeddedDocument>{{"a", {}}, {"b", {}}}}) {
      const auto built = VectorSegment::build(documents, 3, graph_chunks);
      const auto segment = VectorSegment::from_bytes(std::string(built->bytes())).value();
      EXPECT_EQ(segment->documents(), documents.size());
      EXPECT_EQ(segment->chunks(), 0U);
      EXPECT_EQ(segment->dimension(), 3U);
      EXPECT_EQ(segment->first_chunk(documents.size()), 0U);
      EXPECT_EQ(segment->find("c"), VectorSegment::kNotHere);
      EXPECT_FALSE(segment->has_graph());
      EXPECT_THAT(segment->nearest(std::vector<float>{1, 0, 0}, 10, nullptr), IsEmpty());
    }
  }
}

TEST(VectorSegment, HasAGraphFromAGivenSizeOn) {
  VectorSource source(2, 5);
  std::vector<EmbeddedDocument> documents = {{"a", source.several(9)}};
  EXPECT_FALSE(VectorSegment::build(documents, 5, 10)->has_graph());
  documents.push_back({"b", source.next()});
  EXPECT_TRUE(VectorSegment::build(documents, 5, 10)->has_graph());
  EXPECT_FALSE(VectorSegment::build(documents, 5)->has_graph());
}

TEST(VectorSegment, ComesBackFromItsBytes) {
  VectorSource source(3, 33);
  const std::vector<EmbeddedDocument> documents = some_documents(source, 200);
  for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
    const auto built = VectorSegment::build(documents, 33, graph_chunks);
    const auto loaded = VectorSegment::from_bytes(std::string(built->bytes())).value();
    EXPECT_EQ(loaded->bytes(), built->bytes());
    EXPECT_EQ(loaded->has_graph(), graph_chunks == kAlways);
    EXPECT_EQ(content(*loaded), content(documents));
    expect_nearest_by_sorting(*loaded, source, nullptr);
  }
}

TEST(VectorSegment, OfTheSameDocumentsInAnyOrderIsTheSame) {
  VectorSource source(4, 20);
  std::vector<EmbeddedDocument> documents = some_documents(source, 200);
  for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
    const auto built = VectorSegment::build(documents, 20, graph_chunks);
    std::shuffle(documents.begin(), documents.end(), source.random());
    EXPECT_EQ(VectorSegment::build(documents, 20, graph_chunks)->bytes(), built->bytes());
  }
}

TEST(VectorSegment, MergedIsThatBuiltFromWhatIsLive) {
  VectorSource source(5, 20);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<EmbeddedDocument>> shares(1 + source.number(4));
    std::vector<Bitmap> dead;
    std::vector<EmbeddedDocument> live;
    for (EmbeddedDocument& document : some_documents(source, 100)) {
      shares[source.number(shares.size())].push_back(std::move(document));
    }
    for (std::vector<EmbeddedDocument>& share : shares) {
      std::sort(share.begin(), share.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
      dead.push_back(source.some(share.size(), round % 3 == 0 ? 0 : 0.4));
      for (std::size_t i = 0; i < share.size(); ++i) {
        if (!dead.back().test(i)) live.push_back(share[i]);
      }
    }
    for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
      std::vector<VectorSegment::Source> sources;
      for (std::size_t i = 0; i < shares.size(); ++i) {
        const auto segment = VectorSegment::build(shares[i], 20, source.number(2) == 0 ? kAlways : kGraphChunks);
        sources.push_back({segment, dead[i].count() == 0 ? nullptr : &dead[i]});
      }
      EXPECT_EQ(VectorSegment::merge(sources, graph_chunks)->bytes(),
                VectorSegment::build(live, 20, graph_chunks)->bytes());
    }
  }
}

TEST(VectorSegment, MergedOfTheDeadIsEmptyAndKeepsItsDimension) {
  VectorSource source(6, 20);
  const auto segment = VectorSegment::build(some_documents(source, 10), 20);
  const Bitmap dead(10, true);
  const std::vector<VectorSegment::Source> sources = {{segment, &dead}, {segment, &dead}};
  const auto merged = VectorSegment::merge(sources);
  EXPECT_EQ(merged->documents(), 0U);
  EXPECT_EQ(merged->dimension(), 20U);
}

TEST(VectorSegment, FindsWithoutAGraphWhatSortingFinds) {
  for (const std::size_t dimension : {1U, 2U, 7U, 383U, 384U}) {
    VectorSource source(7, dimension);
    const auto segment = VectorSegment::build(some_documents(source, 300), dimension);
    expect_nearest_by_sorting(*segment, source, nullptr);
    for (const double chance : {0.0, 0.01, 0.5, 1.0}) {
      const Bitmap allowed = source.some(segment->chunks(), chance);
      expect_nearest_by_sorting(*segment, source, &allowed);
    }
  }
}

TEST(VectorSegment, GivesEquallyNearChunksInTheirOrder) {
  for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
    const auto segment = VectorSegment::build({{"a", {0, 1, 1, 0}}, {"b", {0, 1, 1, 0, 1, 0}}}, 2, graph_chunks);
    const std::vector<float> query = {1, 0};
    EXPECT_THAT(chunks_of(segment->nearest(query, 10, nullptr)), ElementsAre(1, 3, 4, 0, 2));
    EXPECT_THAT(chunks_of(segment->nearest(query, 2, nullptr)), ElementsAre(1, 3));
  }
}

TEST(VectorSegment, FindsNothingForAQueryOfAnotherDimensionOrWhenNothingIsWanted) {
  VectorSource source(8, 20);
  for (const std::size_t graph_chunks : {kAlways, kGraphChunks}) {
    const auto segment = VectorSegment::build(some_documents(source, 10), 20, graph_chunks);
    EXPECT_THAT(segment->nearest(std::vector<float>(19), 10, nullptr), IsEmpty());
    EXPECT_THAT(segment->nearest(std::vector<float>(21), 10, nullptr), IsEmpty());
    EXPECT_THAT(segment->nearest(source.next(), 0, nullptr), IsEmpty());
  }
}

/// Large enough for the graph to be asked where all or nearly all chunks are allowed.
TEST(VectorSegment, FindsByItsGraphNearlyAllThatSortingFinds) {
  constexpr std::size_t kChunks = 10'500;
  VectorSource source(9, 32, 200, 0.7F);
  const auto segment = VectorSegment::build({{"a", source.several(kChunks)}}, 32, kChunks);
  for (const double chance : {1.0, 0.95, 0.1, 0.001}) {
    const Bitmap allowed = source.some(kChunks, chance);
    double sum = 0;
    constexpr int kQueries = 50;
    for (int i = 0; i < kQueries; ++i) {
      const std::vector<float> query = source.next();
      const std::vector<NearChunk> found = segment->nearest(query, 10, chance == 1 ? nullptr : &allowed);
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), nearer));
      for (const NearChunk& near : found) EXPECT_TRUE(chance == 1 || allowed.test(near.chunk));
      sum += recall(found, nearest_by_sorting(vectors_of(*segment), query, 10, &allowed));
    }
    EXPECT_GE(sum / kQueries, 0.98) << chance;
  }
}

/// The graph's search starts among a thousand chunks that do not count.
TEST(VectorSegment, FindsWhatIsAllowedFarFromTheQuery) {
  constexpr std::size_t kChunks = 12'000;
  VectorSource source(10, 32, 2, 0.1F);
  std::vector<float> vectors;
  Bitmap allowed(kChunks);
  for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
    const bool near = chunk % 12 == 0;
    VectorSource::append(vectors, source.next(near ? 1 : 0));
    if (!near) allowed.set(chunk);
  }
  const auto segment = VectorSegment::build({{"a", std::move(vectors)}}, 32, kChunks);
  for (int i = 0; i < 10; ++i) {
    const std::vector<float> query = source.next(1);
    EXPECT_EQ(chunks_of(segment->nearest(query, 10, &allowed)),
              chunks_of(nearest_by_sorting(vectors_of(*segment), query, 10, &allowed)));
  }
}

std::vector<VectorSegmentPtr> small_segments() {
  VectorSource source(11, 3);
  std::vector<EmbeddedDocument> documents = some_documents(source, 12);
  documents.push_back({"copy", documents.front().vectors});
  return {VectorSegment::build(documents, 3), VectorSegment::build(documents, 3, kAlways)};
}

TEST(VectorSegment, RefusesEveryFlippedByte) {
  for (const VectorSegmentPtr& segment : small_segments()) {
    for (std::size_t at = 0; at < segment->bytes().size(); ++at) {
      for (const int flip : {1, 0x80, 0xFF}) {
        std::string bytes(segment->bytes());
        bytes[at] = static_cast<char>(bytes[at] ^ flip);
        EXPECT_TRUE(VectorSegment::from_bytes(std::move(bytes)).has_error()) << at;
      }
    }
  }
}

TEST(VectorSegment, RefusesToBeCutShortOrMadeLonger) {
  for (const VectorSegmentPtr& segment : small_segments()) {
    for (std::size_t size = 0; size < segment->bytes().size(); ++size) {
      EXPECT_TRUE(VectorSegment::from_bytes(std::string(segment->bytes().substr(0, size))).has_error()) << size;
    }
    EXPECT_TRUE(VectorSegment::from_bytes(std::string(segment->bytes()) + '\0').has_error());
  }
}

/// Nonsense with the right hash in front, as a bug would write it.
std::string hashed_again(std::string bytes) {
  constexpr std::size_t kHashAt = 8;
  constexpr std::size_t kHashed = 16;
  const std::uint64_t hash = base::hash64(std::string_view(bytes).substr(kHashed));
  std::memcpy(bytes.data() + kHashAt, &hash, sizeof hash);
  return bytes;
}

TEST(VectorSegment, NeverReadsBeyondItsBytesWhateverTheySay) {
  VectorSource source(12, 3);
  for (const VectorSegmentPtr& segment : small_segments()) {
    ASSERT_EQ(hashed_again(std::string(segment->bytes())), segment->bytes());
    std::size_t refused = 0;
    for (std::size_t at = 16; at + sizeof(std::uint32_t) <= segment->bytes().size(); ++at) {
      for (const std::uint32_t value : {0U, 1U, 13U, 0x7FC00000U, 0x80000000U, 0xFFFFFFFFU}) {  // one is no number
        std::string bytes(segment->bytes());
        std::memcpy(bytes.data() + at, &value, sizeof value);
        const auto loaded = VectorSegment::from_bytes(hashed_again(std::move(bytes)));
        refused += loaded ? 0U : 1U;
        if (!loaded) continue;
        EXPECT_EQ(content(**loaded).size(), (*loaded)->documents());
        EXPECT_LE((*loaded)->nearest(source.next(), 5, nullptr).size(), 5U);
      }
    }
    EXPECT_GT(refused, 0U);
  }
}

}  // namespace
}  // namespace ragd::retrieval
