#include "retrieval/segment_fixture.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval {
namespace {

/// Segments as writes would leave them: a document replaced lives in the last one it is in, others may have died.
class Writes {
 public:
  Writes(unsigned seed, std::size_t words) : random_(seed, words) {}

  void write(std::size_t documents, std::size_t ids, std::size_t most_chunks) {
    std::map<std::string, store::StoredDocument> batch;
    for (std::size_t i = 0; i < documents; ++i) {
      const std::string id = "doc" + std::to_string(random_.number(0, ids - 1));
      batch[id] = random_.document(id, most_chunks);
    }
    std::vector<store::StoredDocument> written;
    for (const auto& [id, stored] : batch) {
      bury(id);
      live_[id] = stored;
      written.push_back(stored);
    }
    segments_.push_back(segment_of(written));
    dead_.push_back(std::make_unique<Bitmap>(written.size()));
  }

  void erase(std::size_t documents) {
    for (; documents > 0 && !live_.empty(); --documents) {
      const auto gone = std::next(live_.begin(), static_cast<std::ptrdiff_t>(random_.number(0, live_.size() - 1)));
      bury(gone->first);
      live_.erase(gone);
    }
  }

  [[nodiscard]] SegmentPtr merged() const {
    std::vector<Segment::Source> sources;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      sources.push_back({segments_[i], dead_[i]->count() > 0 ? dead_[i].get() : nullptr});
    }
    return Segment::merge(sources);
  }

  [[nodiscard]] SegmentPtr built() const {
    std::vector<store::StoredDocument> documents;
    for (const auto& [id, stored] : live_) documents.push_back(stored);
    return segment_of(documents);
  }

  [[nodiscard]] std::size_t number(std::size_t from, std::size_t to) { return random_.number(from, to); }

 private:
  void bury(const std::string& id) {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (const std::size_t position = segments_[i]->find(id); position != Segment::kNotHere) dead_[i]->set(position);
    }
  }

  RandomDocuments random_;
  std::map<std::string, store::StoredDocument> live_;
  std::vector<SegmentPtr> segments_;
  std::vector<std::unique_ptr<Bitmap>> dead_;
};

/// Not EXPECT_EQ on the bytes: it would print them.
void expect_identical(const Segment& merged, const Segment& built) {
  EXPECT_EQ(merged.documents(), built.documents());
  EXPECT_EQ(plain(merged.words()), plain(built.words()));
  EXPECT_EQ(plain(merged.values()), plain(built.values()));
  ASSERT_TRUE(merged.bytes() == built.bytes());
}

TEST(SegmentMerge, IsByteForByteWhatBuildingAnewGives) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    Writes writes(seed, 5 + seed * 2);
    for (std::size_t writing = writes.number(1, 8); writing > 0; --writing) {
      writes.write(writes.number(1, 12), 40, 4);
      writes.erase(writes.number(0, 3));
    }
    expect_identical(*writes.merged(), *writes.built());
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(SegmentMerge, IsSoForLargeOnesToo) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    Writes writes(seed, 2000);
    for (int writing = 0; writing < 4; ++writing) writes.write(400, 2000, 9);
    writes.erase(100);
    const auto merged = writes.merged();
    ASSERT_GT(merged->chunks(), 4096U);
    ASSERT_FALSE(merged->words().postings(*merged->words().find("q0x")).blocks().empty());
    expect_identical(*merged, *writes.built());
  }
}

TEST(SegmentMerge, IsSoForVeryManyToo) {
  Writes writes(7, 50);
  for (int writing = 0; writing < 100; ++writing) writes.write(1, 60, 3);
  expect_identical(*writes.merged(), *writes.built());
}

TEST(SegmentMerge, OfSegmentsOneBehindTheOtherIsTheirConcatenation) {
  const std::vector<store::StoredDocument> first = {document_of_lines("a", "zebra lion"),
                                                    document_of_lines("b", "lion")};
  const std::vector<store::StoredDocument> second = {document_of_lines("c", "zebra\nlion")};
  const std::vector<Segment::Source> sources = {{segment_of(first), nullptr}, {segment_of(second), nullptr}};
  const auto merged = Segment::merge(sources);
  EXPECT_EQ(plain(merged->words(), "zebra"), (PlainPostings{{0, 1}, {2, 1}}));
  EXPECT_EQ(plain(merged->words(), "lion"), (PlainPostings{{0, 1}, {1, 1}, {3, 1}}));
}

TEST(SegmentMerge, DropsWhatOnlyTheDeadHeld) {
  const auto segment = segment_of({document_of_lines("a", "zebra lion", "", R"({"lang":"en"})"),
                                   document_of_lines("b", "lion", "", R"({"lang":"de"})")});
  Bitmap dead(2);
  dead.set(0);
  const std::vector<Segment::Source> sources = {{segment, &dead}};
  const auto merged = Segment::merge(sources);
  EXPECT_EQ(merged->documents(), 1U);
  EXPECT_EQ(merged->id(0), "b");
  EXPECT_EQ(merged->total_length(), 1U);
  EXPECT_EQ(plain(merged->words()), (PlainDictionary{{"lion", {{0, 1}}}}));
  EXPECT_EQ(merged->values().size(), 1U);
}

TEST(SegmentMerge, OfTheDeadAloneIsEmpty) {
  const auto segment = segment_of({document_of_lines("a", "zebra")});
  const Bitmap dead(1, true);
  const std::vector<Segment::Source> sources = {{segment, &dead}};
  expect_identical(*Segment::merge(sources), *segment_of({}));
  expect_identical(*Segment::merge({}), *segment_of({}));
}

}  // namespace
}  // namespace ragd::retrieval
