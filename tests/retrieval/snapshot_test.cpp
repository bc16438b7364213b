#include "retrieval/snapshot.hpp"

#include "retrieval/index_fixture.hpp"
#include "retrieval/search.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ragd::retrieval {
namespace {

const std::vector<std::string> kWords = {"zebra", "lion",  "tiger", "river",  "mountain", "bridge", "engine", "wing",
                                         "apple", "stone", "cloud", "forest", "music",    "paper",  "silver", "garden"};

class Corpus {
 public:
  explicit Corpus(unsigned seed) : random_(seed) {}

  /// One write: some new or replaced documents, or some deletions.
  void step() {
    std::vector<DocumentPtr> written;
    std::vector<std::string> erased;
    if (random_() % 3 != 0 || documents_.empty()) {
      std::map<std::string, DocumentPtr> batch;
      for (std::size_t i = 1 + random_() % 5; i > 0; --i) {
        const std::string id = "doc" + std::to_string(random_() % 60);
        batch[id] = make_document(id, random_text(), random_word());
      }
      for (const auto& [id, document] : batch) {
        documents_[id] = document;
        written.push_back(document);
      }
    } else {
      for (std::size_t i = 1 + random_() % 4; i > 0 && !documents_.empty(); --i) {
        const auto gone = std::next(documents_.begin(), static_cast<std::ptrdiff_t>(random_() % documents_.size()));
        erased.push_back(gone->first);
        documents_.erase(gone);
      }
    }
    snapshot_ = snapshot_->with("v", written, erased);
  }

  [[nodiscard]] SnapshotPtr rebuilt() const {
    std::vector<DocumentPtr> all;
    for (const auto& [id, document] : documents_) all.push_back(document);
    return std::make_shared<const Snapshot>("v", all);
  }
  [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; }
  [[nodiscard]] std::string random_query() { return random_word() + " " + random_word() + " " + random_word(); }

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
  std::map<std::string, DocumentPtr> documents_;
  SnapshotPtr snapshot_ = std::make_shared<const Snapshot>("v");
};

void expect_same(const Retrieved& a, const Retrieved& b) {
  ASSERT_EQ(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < a.terms.size(); ++i) ASSERT_EQ(a.terms[i].weight, b.terms[i].weight);
  ASSERT_EQ(a.passages.size(), b.passages.size());
  for (std::size_t i = 0; i < a.passages.size(); ++i) {
    ASSERT_EQ(a.passages[i].chunk_id, b.passages[i].chunk_id);
    ASSERT_EQ(a.passages[i].score, b.passages[i].score);
    ASSERT_EQ(a.passages[i].text, b.passages[i].text);
  }
}

TEST(Snapshot, AnswersLikeAnIndexBuiltAnewAfterAnyWrites) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    Corpus corpus(seed);
    for (int step = 0; step < 120; ++step) {
      corpus.step();
      const SnapshotPtr rebuilt = corpus.rebuilt();
      ASSERT_EQ(corpus.snapshot()->documents(), rebuilt->documents());
      ASSERT_EQ(corpus.snapshot()->chunks(), rebuilt->chunks());
      ASSERT_EQ(corpus.snapshot()->average_length(), rebuilt->average_length());
      const std::string query = corpus.random_query();
      expect_same(Search(corpus.snapshot(), query).run(7, 0, {}), Search(rebuilt, query).run(7, 0, {}));
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << " step " << step;
    }
  }
}

TEST(Snapshot, LeavesItsPredecessorAlone) {
  const auto before = std::make_shared<const Snapshot>("v-1", std::vector{make_document("a", "zebra")});
  const auto after = before->with("v-2", {make_document("a", "lion")}, {});
  EXPECT_EQ(Search(before, "zebra").run(5, 0, {}).passages.size(), 1U);
  EXPECT_EQ(Search(before, "zebra").run(5, 0, {}).version, "v-1");
  EXPECT_TRUE(Search(after, "zebra").run(5, 0, {}).passages.empty());
  EXPECT_EQ(Search(after, "lion").run(5, 0, {}).version, "v-2");
}

TEST(Snapshot, KeepsFewSegmentsThatShrinkGeometrically) {
  SnapshotPtr snapshot = std::make_shared<const Snapshot>("v");
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    snapshot = snapshot->with("v", {make_document("doc" + std::to_string(i), "zebra lion")}, {});
    most = std::max(most, snapshot->segments().size());
  }
  EXPECT_LE(most, 10U);
  EXPECT_EQ(snapshot->chunks(), 1000U);
}

TEST(Snapshot, DropsTheBytesOfTheDead) {
  std::vector<DocumentPtr> documents;
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    documents.push_back(make_document("doc" + std::to_string(i), std::string(1000, 'x')));
    ids.push_back("doc" + std::to_string(i));
  }
  const auto full = std::make_shared<const Snapshot>("v", documents);
  EXPECT_GT(full->bytes(), 100'000U);
  ids.pop_back();
  EXPECT_LT(full->with("v", {}, ids)->bytes(), 10'000U);
  ids.push_back("doc99");
  EXPECT_TRUE(full->with("v", {}, ids)->segments().empty());
}

TEST(Snapshot, CountsADocumentWithoutChunks) {
  const auto snapshot = std::make_shared<const Snapshot>("v", std::vector{make_document("a", "")});
  EXPECT_EQ(snapshot->documents(), 1U);
  EXPECT_EQ(snapshot->with("v", {}, {"a"})->documents(), 0U);
}

}  // namespace
}  // namespace ragd::retrieval
