#include "retrieval/segment.hpp"

#include "base/analyzer.hpp"
#include "base/hash.hpp"
#include "retrieval/segment_fixture.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace ragd::retrieval {
namespace {

using Lengths = std::vector<std::uint16_t>;

Lengths lengths_of(const Segment& segment) {
  return {segment.lengths().begin(), segment.lengths().end()};
}

TEST(Segment, CountsWordsByChunk) {
  const auto segment = segment_of({document_of_lines("a", "zebra lion zebra\ntiger\nlion")});
  EXPECT_EQ(plain(segment->words(), "zebra"), (PlainPostings{{0, 2}}));
  EXPECT_EQ(plain(segment->words(), "lion"), (PlainPostings{{0, 1}, {2, 1}}));
  EXPECT_EQ(plain(segment->words(), "tiger"), (PlainPostings{{1, 1}}));
  EXPECT_EQ(plain(segment->words(), "bridge"), PlainPostings());
  EXPECT_EQ(lengths_of(*segment), (Lengths{3, 1, 1}));
  EXPECT_EQ(segment->total_length(), 5U);
}

TEST(Segment, CountsTheTitleTwiceInEachChunk) {
  const auto segment = segment_of({document_of_lines("a", "zebra\nlion", "Zebra rivers")});
  EXPECT_EQ(plain(segment->words(), "zebra"), (PlainPostings{{0, 3}, {1, 2}}));
  EXPECT_EQ(plain(segment->words(), "river"), (PlainPostings{{0, 2}, {1, 2}}));
  EXPECT_EQ(lengths_of(*segment), (Lengths{5, 5}));
}

TEST(Segment, CountsTheHeadingAboveOnce) {
  store::StoredDocument document = document_of_lines("a", "zebra\nlion\ntiger");
  document.chunks[0].heading = document.chunks[1].heading = "Bridges";
  document.chunks[2].heading = "Engines";
  const auto segment = segment_of({document});
  EXPECT_EQ(plain(segment->words(), "bridg"), (PlainPostings{{0, 1}, {1, 1}}));
  EXPECT_EQ(plain(segment->words(), "engin"), (PlainPostings{{2, 1}}));
  EXPECT_EQ(lengths_of(*segment), (Lengths{2, 2, 2}));
}

TEST(Segment, LetsCountsEndAtTheGreatestNumberItKeeps) {
  std::string text;
  for (int i = 0; i < 65'534; ++i) text += "zebra ";
  const auto just = segment_of({document_of_lines("a", text + "lion")});
  EXPECT_EQ(plain(just->words(), "zebra"), (PlainPostings{{0, 65'534}}));
  EXPECT_EQ(lengths_of(*just), (Lengths{65'535}));
  const auto beyond = segment_of({document_of_lines("a", text + "zebra zebra lion\nlion")});
  EXPECT_EQ(plain(beyond->words(), "zebra"), (PlainPostings{{0, 65'535}}));
  EXPECT_EQ(lengths_of(*beyond), (Lengths{kMaxChunkLength, 1}));
  EXPECT_EQ(beyond->total_length(), 65'536U);
}

TEST(Segment, KeepsDocumentsInOrderOfId) {
  const auto segment = segment_of({document_of_lines("b", "lion\nlion"), document_of_lines("c", ""),
                                   document_of_lines("a", "zebra"), document_of_lines("d", "tiger")});
  ASSERT_EQ(segment->documents(), 4U);
  ASSERT_EQ(segment->chunks(), 4U);
  EXPECT_EQ(segment->id(0), "a");
  EXPECT_EQ(segment->id(3), "d");
  EXPECT_EQ(segment->find("c"), 2U);
  EXPECT_EQ(segment->find(""), Segment::kNotHere);
  EXPECT_EQ(segment->find("bb"), Segment::kNotHere);
  EXPECT_EQ(segment->find("e"), Segment::kNotHere);
  EXPECT_EQ(plain(segment->words(), "lion"), (PlainPostings{{1, 1}, {2, 1}}));
  EXPECT_EQ(segment->first_chunk(2), 3U);
  EXPECT_EQ(segment->first_chunk(3), 3U);
  EXPECT_EQ(segment->first_chunk(4), 4U);
}

TEST(Segment, KnowsWhoseAChunkIs) {
  const auto segment =
      segment_of({document_of_lines("a", ""), document_of_lines("b", "lion\nlion"), document_of_lines("c", ""),
                  document_of_lines("d", "x"), document_of_lines("e", "")});
  EXPECT_EQ(segment->document_of(0), 1U);
  EXPECT_EQ(segment->document_of(1), 1U);
  EXPECT_EQ(segment->document_of(2), 3U);
}

TEST(Segment, LeavesOutTheTitleOfADocumentWithoutChunks) {
  const auto segment = segment_of({document_of_lines("a", "", "Zebra"), document_of_lines("b", "lion")});
  EXPECT_EQ(plain(segment->words()), (PlainDictionary{{"lion", {{0, 1}}}}));
}

TEST(Segment, NamesADocumentOnceForEachOfItsValues) {
  const auto segment = segment_of({document_of_lines("a", "x", "", R"({"tags":["red","blue","red"],"year":1999})"),
                                   document_of_lines("b", "y", "", R"({"tags":"red"})")});
  EXPECT_EQ(plain(segment->values(), metadata_term("tags", std::string("red"))), (PlainPostings{{0, 1}, {1, 1}}));
  EXPECT_EQ(plain(segment->values(), metadata_term("tags", std::string("blue"))), (PlainPostings{{0, 1}}));
  EXPECT_EQ(plain(segment->values(), metadata_term("year", 1999.0)), (PlainPostings{{0, 1}}));
  EXPECT_EQ(segment->values().size(), 3U);
}

TEST(Segment, HoldsWhatCountingByHandGives) {
  RandomDocuments random(1, 400);
  std::vector<store::StoredDocument> documents;
  for (std::size_t i = 0; i < 400; ++i) documents.push_back(random.document("d" + std::to_string(1000 + i), 6));
  std::map<std::string, std::map<std::uint32_t, std::uint16_t>> counts;
  std::uint32_t chunk = 0;
  std::uint64_t total = 0;
  for (const store::StoredDocument& stored : documents) {
    for (const store::ChunkSpan& span : stored.chunks) {
      const std::string title = stored.document.title + " ";
      const std::string text = title + title + stored.document.text.substr(span.start, span.end - span.start);
      for (const base::Term& term : base::analyze(text, base::TermUse::document)) {
        ++counts[term.stem][chunk];
        ++total;
      }
      ++chunk;
    }
  }
  PlainDictionary expected;
  for (const auto& [term, chunks] : counts) expected[term] = {chunks.begin(), chunks.end()};
  const auto segment = segment_of(documents);
  EXPECT_EQ(segment->chunks(), chunk);
  EXPECT_EQ(segment->total_length(), total);
  EXPECT_EQ(plain(segment->words()), expected);
}

TEST(Segment, OfNothingIsASegment) {
  const auto segment = segment_of({});
  EXPECT_EQ(segment->documents(), 0U);
  EXPECT_EQ(segment->chunks(), 0U);
  EXPECT_EQ(segment->find("a"), Segment::kNotHere);
  EXPECT_TRUE(Segment::from_bytes(std::string(segment->bytes())));
}

/// With full blocks, a rest and metadata.
SegmentPtr small_segment() {
  std::vector<store::StoredDocument> documents;
  documents.reserve(70);
  for (int i = 0; i < 70; ++i) {
    documents.push_back(document_of_lines("d" + std::to_string(100 + i), "lion\nlion" + std::string(i % 3 == 0, 's'),
                                          "", i % 9 == 0 ? R"({"year":2020,"lang":"en"})" : "{}"));
  }
  return segment_of(documents);
}

TEST(SegmentBytes, ComeBackAsTheSameSegment) {
  RandomDocuments random(2, 300);
  std::vector<store::StoredDocument> documents;
  for (std::size_t i = 0; i < 300; ++i) documents.push_back(random.document("d" + std::to_string(i), 6));
  const auto before = segment_of(documents);
  const auto after = Segment::from_bytes(std::string(before->bytes()));
  ASSERT_TRUE(after);
  EXPECT_EQ((*after)->bytes(), before->bytes());
  EXPECT_EQ((*after)->documents(), before->documents());
  EXPECT_EQ((*after)->total_length(), before->total_length());
  EXPECT_EQ(lengths_of(**after), lengths_of(*before));
  EXPECT_EQ(plain((*after)->words()), plain(before->words()));
  EXPECT_EQ(plain((*after)->values()), plain(before->values()));
  for (std::size_t document = 0; document < before->documents(); ++document) {
    ASSERT_EQ((*after)->find(before->id(document)), document);
    ASSERT_EQ((*after)->first_chunk(document), before->first_chunk(document));
  }
}

TEST(SegmentBytes, AreRefusedWhereverTheyAreCut) {
  const std::string bytes(small_segment()->bytes());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto segment = Segment::from_bytes(bytes.substr(0, length));
    ASSERT_FALSE(segment) << length;
    ASSERT_EQ(segment.error().code, Errc::internal);
  }
  EXPECT_FALSE(Segment::from_bytes(bytes + '\0'));
}

TEST(SegmentBytes, AreRefusedWhicheverByteIsDamaged) {
  const std::string bytes(small_segment()->bytes());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\1', '\x10', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      ASSERT_FALSE(Segment::from_bytes(std::move(damaged))) << at;
    }
  }
}

/// As if our own code had written the bytes so: the hash, behind the eight bytes of the format, is made to fit.
std::string rehashed(std::string bytes) {
  const std::uint64_t hash = base::hash64(std::string_view(bytes).substr(16));
  bytes.replace(8, sizeof hash, reinterpret_cast<const char*>(&hash), sizeof hash);
  return bytes;
}

/// Whatever a reader could ask.
std::size_t read_all(const Segment& segment) {
  std::size_t read = plain(segment.words()).size() + plain(segment.values()).size();
  for (std::size_t document = 0; document < segment.documents(); ++document) {
    read += segment.find(segment.id(document)) + segment.first_chunk(document + 1);
  }
  for (std::size_t chunk = 0; chunk < segment.chunks(); ++chunk) {
    read += segment.document_of(chunk) + segment.lengths()[chunk];
  }
  return read;
}

TEST(SegmentBytes, NeverLeadOutOfBoundsEvenWhenTheirHashIsRight) {
  const std::string bytes(small_segment()->bytes());
  ASSERT_EQ(rehashed(bytes), bytes);
  std::size_t refused = 0;
  for (std::size_t at = 16; at < bytes.size(); ++at) {
    for (const char flip : {'\1', '\x80'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto segment = Segment::from_bytes(rehashed(std::move(damaged)));
      if (!segment) {
        ++refused;
      } else {
        ASSERT_GT(read_all(**segment), 0U);
      }
    }
  }
  EXPECT_GT(refused, bytes.size());  // more than every other one
}

}  // namespace
}  // namespace ragd::retrieval
