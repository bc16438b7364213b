// Whatever is written, erased and merged: the index is that of the documents that are left, and its records bring it
// back.
#include "retrieval/index_fixture.hpp"

#include <gtest/gtest.h>

#include <random>

namespace ragd::retrieval {
namespace {

const std::vector<std::string> kWords = {"zebra", "lion",  "tiger", "river",  "mountain", "bridge", "engine", "wing",
                                         "apple", "stone", "cloud", "forest", "music",    "paper",  "silver", "garden"};

/// Writes at random, with the merges that a thread behind them would make.
class RandomWriter {
 public:
  explicit RandomWriter(unsigned seed) : random_(seed) {}

  void step() {
    if (random_() % 3 != 0 || index.view.documents.empty()) {
      std::map<std::string, store::StoredDocument> batch;
      for (std::size_t i = 1 + random_() % 12; i > 0; --i) {
        const std::string id = "doc" + std::to_string(random_() % 400);
        batch[id] = make_document(id, random_text(), random_word());
      }
      std::vector<store::StoredDocument> documents;
      for (const auto& [id, stored] : batch) documents.push_back(stored);
      index.write(documents);
    } else {
      std::vector<std::string> erased;
      for (std::size_t i = 1 + random_() % 9; i > 0; --i) erased.push_back("doc" + std::to_string(random_() % 400));
      std::sort(erased.begin(), erased.end());
      erased.erase(std::unique(erased.begin(), erased.end()), erased.end());
      index.write({}, erased);
    }
    if (merging_ && random_() % 4 == 0) {
      index.end_merge();
      merging_ = false;
    } else if (!merging_ && random_() % 4 == 0) {
      merging_ = index.begin_merge();
    }
  }

  std::string query() { return random_word() + " " + random_word() + " " + random_word(); }

  TestIndex index;

 private:
  std::string random_word() { return kWords[random_() % kWords.size()]; }
  std::string random_text() {
    std::string text;
    for (std::size_t line = random_() % 4; line > 0; --line) {
      for (std::size_t word = 1 + random_() % 12; word > 0; --word) text += random_word() + " ";
      text += "\n";
    }
    return text;
  }

  std::mt19937 random_;
  bool merging_ = false;
};

void expect_same_index(const Snapshot& a, const Snapshot& b) {
  ASSERT_EQ(a.segments().size(), b.segments().size());
  for (std::size_t i = 0; i < a.segments().size(); ++i) {
    const SegmentView& left = a.segments()[i];
    const SegmentView& right = b.segments()[i];
    ASSERT_EQ(left.number, right.number);
    ASSERT_EQ(left.segment->bytes(), right.segment->bytes());
    ASSERT_EQ(left.burials, right.burials);
    ASSERT_EQ(left.live_documents, right.live_documents);
    ASSERT_EQ(left.live_chunks, right.live_chunks);
    ASSERT_EQ(left.live_length, right.live_length);
  }
}

void expect_same_answers(const SnapshotPtr& a, const SnapshotPtr& b, const std::string& query) {
  const Ranking left = Search(a, query, {}).run(7, 0, {});
  const Ranking right = Search(b, query, {}).run(7, 0, {});
  ASSERT_EQ(left.terms.size(), right.terms.size());
  for (std::size_t i = 0; i < left.terms.size(); ++i) ASSERT_EQ(left.terms[i].weight, right.terms[i].weight);
  ASSERT_EQ(scores_of(left), scores_of(right));
}

TEST(IndexChange, AnswersLikeAnIndexBuiltAnewAfterAnyWrites) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    RandomWriter writer(seed);
    for (int step = 0; step < 120; ++step) {
      writer.step();
      const SnapshotPtr anew = built(writer.index.documents());
      const SnapshotPtr& grown = writer.index.snapshot;
      ASSERT_EQ(grown->documents(), anew->documents());
      ASSERT_EQ(grown->chunks(), anew->chunks());
      ASSERT_EQ(grown->average_length(), anew->average_length());
      expect_same_answers(grown, anew, writer.query());
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << " step " << step;
    }
  }
}

TEST(IndexChange, IsBroughtBackByItsRecords) {
  for (unsigned seed = 100; seed < 104; ++seed) {
    RandomWriter writer(seed);
    for (int step = 0; step < 80; ++step) {
      writer.step();
      const auto loaded = load_index(writer.index.view, "default", kTestTag);
      ASSERT_TRUE(loaded);
      ASSERT_FALSE(loaded->unusable) << *loaded->unusable;
      ASSERT_TRUE(loaded->litter.empty());
      const auto restored = std::make_shared<const Snapshot>("v", loaded->segments);
      for (const SegmentView& view : restored->segments()) ASSERT_LT(view.number, loaded->next_number);
      expect_same_index(*restored, *writer.index.snapshot);
      expect_same_answers(restored, writer.index.snapshot, writer.query());
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << " step " << step;
    }
  }
}

TEST(IndexChange, KeepsFewSegmentsOfManySmallWrites) {
  TestIndex index;
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    index.write({make_document("doc" + std::to_string(i), "zebra lion")});
    most = std::max(most, index.snapshot->segments().size());
  }
  EXPECT_LE(most, 4 * (kFanOut - 1));
  EXPECT_EQ(index.snapshot->chunks(), 1000U);
}

TEST(IndexChange, DropsWhatIsMostlyDead) {
  TestIndex index;
  std::vector<store::StoredDocument> documents;
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    documents.push_back(make_document("doc" + std::to_string(i), "word" + std::to_string(i)));
    ids.push_back("doc" + std::to_string(i));
  }
  index.write(documents);
  const std::size_t full = index.snapshot->bytes();
  index.write({}, {ids.begin(), ids.begin() + 60});
  EXPECT_LT(index.snapshot->bytes(), full * 6 / 10);
  EXPECT_EQ(index.snapshot->segments().at(0).graves, nullptr);
  index.write({}, {ids.begin() + 60, ids.end()});
  EXPECT_TRUE(index.snapshot->segments().empty());
  EXPECT_EQ(index.view.records.size(), 1U) << "the manifest alone is left";
}

TEST(IndexChange, LeavesItsPredecessorAlone) {
  TestIndex index;
  index.write({make_document("a", "zebra")});
  const SnapshotPtr before = index.snapshot;
  index.write({make_document("a", "lion")});
  EXPECT_EQ(Search(before, "zebra", {}).run(5, 0, {}).chunks.size(), 1U);
  EXPECT_TRUE(Search(index.snapshot, "zebra", {}).run(5, 0, {}).chunks.empty());
  EXPECT_EQ(Search(index.snapshot, "lion", {}).run(5, 0, {}).chunks.size(), 1U);
}

TEST(IndexChange, CountsADocumentWithoutChunks) {
  TestIndex index;
  index.write({make_document("a", "")});
  EXPECT_EQ(index.snapshot->documents(), 1U);
  index.write({}, {"a"});
  EXPECT_EQ(index.snapshot->documents(), 0U);
}

TEST(LoadIndex, SweepsUpWhatTheManifestDoesNotName) {
  TestIndex index;
  index.write({make_document("a", "zebra")});
  store::Write litter("default");
  put_pieces(litter, 77, *index.snapshot->segments().at(0).segment, 0, 1);
  index.view.apply(litter);
  const auto loaded = load_index(index.view, "default", kTestTag);
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->unusable);
  EXPECT_EQ(loaded->litter.size(), 1U);
  EXPECT_EQ(loaded->next_number, 78U);
}

TEST(LoadIndex, RefusesAnIndexOfAnotherMakeOrDamagedOrMissing) {
  TestIndex index;
  EXPECT_TRUE(load_index(index.view, "default", kTestTag)->unusable);
  index.write({make_document("a", "zebra"), make_document("b", "lion")});
  index.write({}, {"a"});
  EXPECT_FALSE(load_index(index.view, "default", kTestTag)->unusable);
  const auto other = load_index(index.view, "default", "another");
  EXPECT_TRUE(other->unusable);
  EXPECT_EQ(other->litter.size(), index.view.records.size());
  for (auto& [name, value] : index.view.records) {
    if (value.empty()) continue;
    const std::string good = value;
    value.pop_back();
    EXPECT_TRUE(load_index(index.view, "default", kTestTag)->unusable) << name.front();
    value = good;
  }
}

}  // namespace
}  // namespace ragd::retrieval
