#include "retrieval/passages.hpp"

#include "retrieval/index_fixture.hpp"
#include "retrieval/shingles.hpp"

#include <gtest/gtest.h>

namespace ragd::retrieval {
namespace {

std::vector<std::string> ids_of(const std::vector<Passage>& passages) {
  std::vector<std::string> ids;
  for (const Passage& passage : passages) ids.push_back(passage.chunk_id);
  return ids;
}

std::vector<Passage> found(const TestIndex& index, const std::string& query, const PassagePolicy& policy) {
  const Search search(index.snapshot, query, {});
  const Ranking ranking = search.run(chunks_to_rank(policy), 0, {});
  return **read_passages(index.view, "default", ranking.chunks, policy, store::ReadFrom::disk);
}

TEST(Passages, AreFilledInFromTheStore) {
  TestIndex index;
  index.write({make_document("a", "first line\nthe zebra runs", "Animals", R"({"k":1})")});
  const auto passages = found(index, "zebra", {});
  ASSERT_EQ(passages.size(), 1U);
  const Passage& passage = passages[0];
  EXPECT_EQ(passage.document_id, "a");
  EXPECT_EQ(passage.chunk_id, "a#1");
  EXPECT_EQ(passage.text, "the zebra runs");
  EXPECT_EQ(passage.start, 11U);
  EXPECT_EQ(passage.end, 25U);
  EXPECT_EQ(passage.title, "Animals");
  EXPECT_EQ(passage.source, "source of a");
  EXPECT_EQ(passage.metadata_json, R"({"k":1})");
  EXPECT_GT(passage.score, 0);
}

const std::string kNotice = "permission is granted to copy this zebra manual under the terms of the licence version ";

TEST(Passages, LeaveOutCopiesOfBetterOnesAndReadOn) {
  TestIndex index;
  index.write(
      {make_document("a", kNotice + "one"), make_document("b", kNotice + "one"), make_document("c", kNotice + "one"),
       make_document("d", "a zebra of quite another kind altogether stands on the hill and looks at the moon")});
  EXPECT_EQ(ids_of(found(index, "zebra", {2, true, 0})), (std::vector<std::string>{"a#0", "d#0"}));
  EXPECT_EQ(ids_of(found(index, "zebra", {2, false, 0})), (std::vector<std::string>{"a#0", "b#0"}));
}

TEST(Passages, ReadNoMoreThanTheyNeed) {
  TestIndex index;
  std::vector<store::StoredDocument> documents;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    documents.push_back(make_document("d" + n, "zebra " + n + " meets lion " + n + " near tree " + n));
  }
  index.write(documents);
  EXPECT_EQ(found(index, "zebra", {5, true, 0}).size(), 5U);
  EXPECT_EQ(index.view.reads, 5U);
}

TEST(Passages, SayWhenTheyAreNotInMemory) {
  TestIndex index;
  index.write({make_document("a", "zebra"), make_document("b", "zebra lion tiger")});
  index.view.on_disk = {"b"};
  const Search search(index.snapshot, "zebra", {});
  const Ranking ranking = search.run(5, 0, {});
  const auto read = read_passages(index.view, "default", ranking.chunks, {}, store::ReadFrom::memory);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->has_value());
}

TEST(Passages, PutWhatRepeatsBehindWhatDiffersWhereAskedTo) {
  TestIndex index;
  index.write({make_document("a", "zebra herds cross the wide river each spring when rain falls"),
               make_document("b", "zebra herds cross the wide river each autumn when rain falls again"),
               make_document("c", "a lonely zebra lives in our small zoo, cared for by two keepers since years")});
  EXPECT_EQ(ids_of(found(index, "zebra", {2, true, 0})), (std::vector<std::string>{"a#0", "b#0"}));
  EXPECT_EQ(ids_of(found(index, "zebra", {2, true, 0.5})), (std::vector<std::string>{"a#0", "c#0"}));
}

TEST(Shingles, TellCopiesFromOthers) {
  const Shingles text("The quick brown fox jumps over the lazy dog.", 4);
  EXPECT_DOUBLE_EQ(text.resemblance(Shingles("the QUICK brown fox, jumps over the lazy dog", 4)), 1);
  EXPECT_DOUBLE_EQ(text.resemblance(Shingles("an entirely different sentence about something else", 4)), 0);
  // 6 runs of 4 words each; 5 in common of 7.
  EXPECT_DOUBLE_EQ(text.resemblance(Shingles("The quick brown fox jumps over the lazy cat", 4)), 5.0 / 7);
}

TEST(Shingles, TakeAShortTextAsOneRun) {
  EXPECT_DOUBLE_EQ(Shingles("zebra", 4).resemblance(Shingles("Zebra!", 4)), 1);
  EXPECT_DOUBLE_EQ(Shingles("zebra", 4).resemblance(Shingles("lion", 4)), 0);
  EXPECT_DOUBLE_EQ(Shingles("", 4).resemblance(Shingles("--", 4)), 1);
}

}  // namespace
}  // namespace ragd::retrieval
