#include "retrieval/segment_vectors.hpp"

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

constexpr std::size_t kAlways = 0;  ///< as `graph_rows`

using Content = std::map<std::string, std::vector<float>>;

Content content(const Segment& segment) {
  Content content;
  for (std::size_t document = 0; document < segment.documents(); ++document) {
    const std::span<const float> vectors = segment.vectors().of(document);
    content[std::string(segment.id(document))] = {vectors.begin(), vectors.end()};
  }
  return content;
}

Content content(const std::vector<EmbeddedDocument>& documents) {
  Content content;
  for (const EmbeddedDocument& document : documents) {
    std::vector<float>& all = content[document.id];
    for (const Vector& vector : document.vectors) all.insert(all.end(), vector.begin(), vector.end());
  }
  return content;
}

/// Every chunk with a vector that is allowed, compared and sorted.
std::vector<NearChunk> by_sorting(const Segment& segment, const Vector& query, std::size_t count,
                                  const Bitmap* allowed) {
  const SegmentVectors& vectors = segment.vectors();
  std::vector<NearChunk> all;
  for (std::size_t document = 0; document < segment.documents(); ++document) {
    const Vectors its{vectors.of(document), query.size()};
    for (std::size_t i = 0; i < its.size(); ++i) {
      const auto chunk = static_cast<std::uint32_t>(segment.first_chunk(document) + i);
      if (allowed == nullptr || allowed->test(chunk)) all.push_back({its.similarity(i, query.data()), chunk});
    }
  }
  std::sort(all.begin(), all.end(), nearer);
  all.resize(std::min(count, all.size()));
  return all;
}

/// The chunks of some documents.
Bitmap some_chunks(VectorSource& source, const Segment& segment, double chance) {
  Bitmap chunks(segment.chunks());
  const Bitmap documents = source.some(segment.documents(), chance);
  for (std::size_t document = 0; document < segment.documents(); ++document) {
    if (documents.test(document)) chunks.set(segment.first_chunk(document), segment.first_chunk(document + 1));
  }
  return chunks;
}

void expect_nearest_by_sorting(const Segment& segment, VectorSource& source, const Bitmap* allowed) {
  for (const std::size_t count : {1U, 10U, 1'000U}) {
    const Vector query = source.next();
    const std::vector<NearChunk> found = segment.vectors().nearest(query, count, allowed);
    const std::vector<NearChunk> expected = by_sorting(segment, query, count, allowed);
    ASSERT_EQ(chunks_of(found), chunks_of(expected));
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].similarity, expected[i].similarity);
  }
}

TEST(SegmentVectors, AreThoseOfItsDocumentsOfSomeOrOfNone) {
  for (const double without : {0.0, 0.5, 1.0}) {
    for (const std::size_t dimension : {1U, 7U, 384U}) {
      VectorSource source(1, dimension);
      const std::vector<EmbeddedDocument> documents = some_documents(source, 100, without);
      for (const std::size_t graph_rows : {kAlways, kGraphRows}) {
        const SegmentPtr segment = segment_of_vectors(documents, graph_rows);
        EXPECT_EQ(content(*segment), content(documents));
        for (const EmbeddedDocument& document : documents) {
          EXPECT_EQ(segment->vectors().has(segment->find(document.id)), !document.vectors.empty());
        }
        EXPECT_EQ(segment->vectors().tag(), without == 1 ? 0 : kVectorsTag);
      }
    }
  }
}

TEST(SegmentVectors, HaveAGraphFromAGivenNumberOn) {
  VectorSource source(2, 5);
  EXPECT_FALSE(segment_of_vectors({one_document(source, 9)}, 10)->vectors().has_graph());
  EXPECT_TRUE(segment_of_vectors({one_document(source, 10)}, 10)->vectors().has_graph());
  EXPECT_FALSE(segment_of_vectors({one_document(source, 10)})->vectors().has_graph());
}

TEST(SegmentVectors, ComeBackFromTheSegmentsBytes) {
  VectorSource source(3, 33);
  const std::vector<EmbeddedDocument> documents = some_documents(source, 200, 0.3);
  for (const std::size_t graph_rows : {kAlways, kGraphRows}) {
    const SegmentPtr built = segment_of_vectors(documents, graph_rows);
    const SegmentPtr loaded = Segment::from_bytes(std::string(built->bytes())).value();
    EXPECT_EQ(loaded->bytes(), built->bytes());
    EXPECT_EQ(loaded->vectors().has_graph(), graph_rows == kAlways);
    EXPECT_EQ(content(*loaded), content(documents));
    expect_nearest_by_sorting(*loaded, source, nullptr);
  }
}

TEST(SegmentVectors, OfAnotherTagAreAsGoodAsNone) {
  VectorSource source(3, 4);
  const std::string bytes(segment_of_vectors({one_document(source, 3)})->bytes());
  EXPECT_EQ(Segment::from_bytes(bytes, kVectorsTag).value()->vectors().rows(), 3U);
  const SegmentPtr other = Segment::from_bytes(bytes, kVectorsTag + 1).value();
  EXPECT_EQ(other->vectors().rows(), 0U);
  EXPECT_FALSE(other->vectors().has(0));
  EXPECT_THAT(other->vectors().nearest(source.next(), 10, nullptr), IsEmpty());
}

TEST(SegmentVectors, MergedAreThoseBuiltFromWhatIsLive) {
  VectorSource source(5, 20);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<EmbeddedDocument>> shares(1 + source.number(4));
    std::vector<Bitmap> dead;
    std::vector<EmbeddedDocument> live;
    for (EmbeddedDocument& document : some_documents(source, 100, 0.3)) {
      shares[source.number(shares.size())].push_back(std::move(document));
    }
    for (std::vector<EmbeddedDocument>& share : shares) {
      std::sort(share.begin(), share.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
      dead.push_back(source.some(share.size(), round % 3 == 0 ? 0 : 0.4));
      for (std::size_t i = 0; i < share.size(); ++i) {
        if (!dead.back().test(i)) live.push_back(share[i]);
      }
    }
    for (const std::size_t graph_rows : {kAlways, kGraphRows}) {
      std::vector<Segment::Source> sources;
      for (std::size_t i = 0; i < shares.size(); ++i) {
        const SegmentPtr segment = segment_of_vectors(shares[i], source.number(2) == 0 ? kAlways : kGraphRows);
        sources.push_back({segment, dead[i].count() == 0 ? nullptr : &dead[i]});
      }
      EXPECT_EQ(Segment::merge(sources, {graph_rows, {}})->bytes(), segment_of_vectors(live, graph_rows)->bytes());
    }
  }
}

TEST(SegmentVectors, MergedAreOfOneKindTheLatest) {
  VectorSource source(6, 20);
  VectorSource shorter(6, 10);
  const SegmentPtr old = segment_of_vectors({one_document(source, 2, "a")}, kGraphRows, kVectorsTag);
  const SegmentPtr resized = segment_of_vectors({one_document(shorter, 2, "b")}, kGraphRows, kVectorsTag);
  const SegmentPtr renamed = segment_of_vectors({one_document(shorter, 2, "c")}, kGraphRows, kVectorsTag + 1);
  const auto kept = [](const std::vector<Segment::Source>& sources) {
    const SegmentPtr merged = Segment::merge(sources);
    std::string ids;
    for (std::size_t document = 0; document < merged->documents(); ++document) {
      if (merged->vectors().has(document)) ids += merged->id(document);
    }
    return ids;
  };
  EXPECT_EQ(kept({{old, nullptr}, {resized, nullptr}, {renamed, nullptr}}), "c");
  EXPECT_EQ(kept({{renamed, nullptr}, {old, nullptr}, {resized, nullptr}}), "b");
  EXPECT_EQ(kept({{resized, nullptr}, {old, nullptr}}), "a");
}

TEST(SegmentVectors, AMergeThatIsStoppedGivesNothing) {
  VectorSource source(6, 20);
  const SegmentPtr segment = segment_of_vectors({one_document(source, 20)});
  std::stop_source stop;
  stop.request_stop();
  const Segment::Source merged{segment, nullptr};
  EXPECT_EQ(Segment::merge({&merged, 1}, {kAlways, stop.get_token()}), nullptr);
}

TEST(SegmentVectors, WithoutAGraphFindWhatSortingFinds) {
  for (const std::size_t dimension : {1U, 2U, 7U, 383U, 384U}) {
    for (const double without : {0.0, 0.5}) {
      VectorSource source(7, dimension);
      const SegmentPtr segment = segment_of_vectors(some_documents(source, 300, without));
      expect_nearest_by_sorting(*segment, source, nullptr);
      for (const double chance : {0.0, 0.01, 0.5, 1.0}) {
        const Bitmap allowed = some_chunks(source, *segment, chance);
        expect_nearest_by_sorting(*segment, source, &allowed);
      }
    }
  }
}

TEST(SegmentVectors, GiveEquallyNearChunksInTheirOrder) {
  const Vector across = {0, 1};
  const Vector along = {1, 0};
  for (const std::size_t graph_rows : {kAlways, kGraphRows}) {
    const SegmentPtr segment =
        segment_of_vectors({{"a", 2, {across, along}}, {"b", 3, {across, along, along}}}, graph_rows);
    EXPECT_THAT(chunks_of(segment->vectors().nearest(along, 10, nullptr)), ElementsAre(1, 3, 4, 0, 2));
    EXPECT_THAT(chunks_of(segment->vectors().nearest(along, 2, nullptr)), ElementsAre(1, 3));
  }
}

TEST(SegmentVectors, FindNothingForAQueryOfAnotherDimensionOrWhenNothingIsWanted) {
  VectorSource source(8, 20);
  for (const std::size_t graph_rows : {kAlways, kGraphRows}) {
    const SegmentPtr segment = segment_of_vectors(some_documents(source, 10), graph_rows);
    EXPECT_THAT(segment->vectors().nearest(Vector(19), 10, nullptr), IsEmpty());
    EXPECT_THAT(segment->vectors().nearest(Vector(21), 10, nullptr), IsEmpty());
    EXPECT_THAT(segment->vectors().nearest(source.next(), 0, nullptr), IsEmpty());
  }
}

std::vector<EmbeddedDocument> single_chunks(std::size_t count, const std::function<Vector(std::size_t)>& vector) {
  std::vector<EmbeddedDocument> documents;
  for (std::size_t i = 0; i < count; ++i) documents.push_back({std::to_string(100'000 + i), 1, {vector(i)}});
  return documents;
}

/// Large enough for the graph to be asked where all or nearly all chunks are allowed.
TEST(SegmentVectors, ByTheirGraphFindNearlyAllThatSortingFinds) {
  constexpr std::size_t kChunks = 10'500;
  VectorSource source(9, 32, 200, 0.7F);
  const SegmentPtr segment =
      segment_of_vectors(single_chunks(kChunks, [&](std::size_t) { return source.next(); }), kChunks);
  ASSERT_TRUE(segment->vectors().has_graph());
  for (const double chance : {1.0, 0.95, 0.1, 0.001}) {
    const Bitmap allowed = source.some(kChunks, chance);
    double sum = 0;
    constexpr int kQueries = 50;
    for (int i = 0; i < kQueries; ++i) {
      const Vector query = source.next();
      const auto found = segment->vectors().nearest(query, 10, chance == 1 ? nullptr : &allowed);
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), nearer));
      for (const NearChunk& near : found) EXPECT_TRUE(chance == 1 || allowed.test(near.chunk));
      sum += recall(found, by_sorting(*segment, query, 10, &allowed));
    }
    EXPECT_GE(sum / kQueries, 0.98) << chance;
  }
}

/// The graph's search starts among a thousand chunks that do not count, and has to get out of there.
TEST(SegmentVectors, ByTheirGraphFindWhatIsAllowedFarFromTheQuery) {
  constexpr std::size_t kChunks = 12'000;
  VectorSource source(10, 32, 2, 0.1F);
  Bitmap allowed(kChunks);
  const auto vector = [&](std::size_t chunk) {
    const bool near = chunk % 12 == 0;
    if (!near) allowed.set(chunk);
    return source.next(near ? 1 : 0);
  };
  const SegmentPtr segment = segment_of_vectors(single_chunks(kChunks, vector), kChunks);
  double sum = 0;
  constexpr int kQueries = 20;
  for (int i = 0; i < kQueries; ++i) {
    const Vector query = source.next(1);
    const auto found = segment->vectors().nearest(query, 10, &allowed);
    EXPECT_EQ(found.size(), 10U);
    sum += recall(found, by_sorting(*segment, query, 10, &allowed));
  }
  EXPECT_GE(sum / kQueries, 0.75) << "two clusters far apart are the worst there is for a graph";
}

std::vector<SegmentPtr> small_segments() {
  VectorSource source(11, 3);
  std::vector<EmbeddedDocument> documents = some_documents(source, 6, 0.2);
  documents.push_back({"copy", documents.front().chunks, documents.front().vectors});
  return {segment_of_vectors(documents), segment_of_vectors(documents, kAlways)};
}

TEST(SegmentVectors, AreRefusedWithEveryFlippedByteAndWhenCutShort) {
  for (const SegmentPtr& segment : small_segments()) {
    for (std::size_t at = 0; at < segment->bytes().size(); ++at) {
      std::string bytes(segment->bytes());
      bytes[at] = static_cast<char>(bytes[at] ^ 0x80);
      EXPECT_TRUE(Segment::from_bytes(std::move(bytes)).has_error()) << at;
      EXPECT_TRUE(Segment::from_bytes(std::string(segment->bytes().substr(0, at))).has_error()) << at;
    }
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

TEST(SegmentVectors, NeverReadBeyondTheirBytesWhateverTheySay) {
  VectorSource source(12, 3);
  for (const SegmentPtr& segment : small_segments()) {
    ASSERT_EQ(hashed_again(std::string(segment->bytes())), segment->bytes());
    std::size_t refused = 0;
    for (std::size_t at = 16; at + sizeof(std::uint32_t) <= segment->bytes().size(); ++at) {
      for (const std::uint32_t value : {0U, 1U, 13U, 0x7FC00000U, 0x80000000U, 0xFFFFFFFFU}) {  // one is no number
        std::string bytes(segment->bytes());
        std::memcpy(bytes.data() + at, &value, sizeof value);
        const auto loaded = Segment::from_bytes(hashed_again(std::move(bytes)));
        refused += loaded ? 0U : 1U;
        if (!loaded) continue;
        EXPECT_EQ(content(**loaded).size(), (*loaded)->documents());
        EXPECT_LE((*loaded)->vectors().nearest(source.next(), 5, nullptr).size(), 5U);
      }
    }
    EXPECT_GT(refused, 0U);
  }
}

}  // namespace
}  // namespace ragd::retrieval
