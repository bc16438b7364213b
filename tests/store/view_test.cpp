// Reading documents, passages and index records as of one commit.
#include "store/document_database.hpp"
#include "store/document_keys.hpp"
#include "store/rocks.hpp"
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace ragd::store {
namespace {

/// White space, a chunk, white space, a chunk, white space.
StoredDocument two_chunks(const std::string& id) {
  StoredDocument stored = document(id, "\n\nThe first chunk.\n\nThe second.\n");
  stored.chunks = {{2, 18, "Guide"}, {20, 31, "Guide > End"}};
  return stored;
}

/// Words apart by white space, cut anywhere between.
StoredDocument random_document(const std::string& id, std::mt19937& random) {
  StoredDocument stored = document(id, std::string(random() % 3, ' '));
  stored.chunks.clear();
  std::string& text = stored.document.text;
  for (std::size_t chunk = random() % 6; chunk > 0; --chunk) {
    const std::size_t start = text.size();
    text += noise(1 + random() % 300, random());
    stored.chunks.push_back({start, text.size(), std::string(random() % 10, 'h')});
    text += std::string(random() % 3, '\n');
  }
  return stored;
}

void expect_same(const StoredDocument& read, const StoredDocument& put) {
  EXPECT_EQ(read.document.text, put.document.text);
  EXPECT_EQ(read.document.title, put.document.title);
  EXPECT_EQ(read.document.source, put.document.source);
  EXPECT_EQ(read.document.metadata_json, put.document.metadata_json);
  ASSERT_EQ(read.chunks.size(), put.chunks.size());
  for (std::size_t i = 0; i < put.chunks.size(); ++i) {
    EXPECT_EQ(read.chunks[i].start, put.chunks[i].start);
    EXPECT_EQ(read.chunks[i].end, put.chunks[i].end);
    EXPECT_EQ(read.chunks[i].heading, put.chunks[i].heading);
  }
}

class ViewTest : public StoreTest {
 protected:
  /// How many records of a kind lie in the closed store.
  [[nodiscard]] std::size_t records(Kind kind) const {
    const auto database = open_database(document_options(), directory());
    if (!database) return std::string::npos;
    const std::string prefix = key_of("default", kind);
    const std::unique_ptr<rocksdb::Iterator> entry((*database)->NewIterator({}));
    std::size_t count = 0;
    for (entry->Seek(prefix); entry->Valid() && entry->key().starts_with(prefix); entry->Next()) ++count;
    return count;
  }
};

TEST_F(ViewTest, ReadsPassagesInTheOrderAskedFor) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {two_chunks("a"), document("b", "Another text.")}));
  const std::vector<PassageRef> refs = {{"a", 1}, {"b", 0}, {"a", 0}};
  const auto read = store->view()->passages("default", refs, ReadFrom::disk);
  ASSERT_TRUE(read && *read);
  const std::vector<StoredPassage>& passages = **read;
  ASSERT_EQ(passages.size(), 3U);
  EXPECT_EQ(passages[0].text, "The second.");
  EXPECT_EQ(passages[0].heading, "Guide > End");
  EXPECT_EQ(passages[0].title, "Title of a");
  EXPECT_EQ(passages[0].source, "file:a");
  EXPECT_EQ(passages[0].metadata_json, R"({"lang":"en"})");
  EXPECT_EQ(passages[0].start, 20U);
  EXPECT_EQ(passages[0].end, 31U);
  EXPECT_EQ(passages[1].text, "Another text.");
  EXPECT_EQ(passages[2].text, "The first chunk.");
}

TEST_F(ViewTest, KnowsNoPassageThatDoesNotExist) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {two_chunks("a"), two_chunks("b")}));
  for (const PassageRef missing : {PassageRef{"a", 2}, PassageRef{"a", 1U << 31}, PassageRef{"aa", 0}}) {
    const std::vector<PassageRef> refs = {{"a", 0}, missing};
    for (const ReadFrom from : {ReadFrom::disk, ReadFrom::memory}) {
      const auto read = store->view()->passages("default", refs, from);
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().code, Errc::not_found);
    }
  }
  EXPECT_FALSE(store->view()->passages("other", std::vector<PassageRef>{{"a", 0}}, ReadFrom::disk));
  EXPECT_EQ((*store->view()->passages("default", {}, ReadFrom::memory))->size(), 0U);
}

TEST_F(ViewTest, LeavesTheDiskAloneWhenAskedForWhatIsInMemory) {
  const std::vector<PassageRef> refs = {{"a", 0}, {"a", 1}};
  {
    const auto store = open();
    ASSERT_TRUE(put(*store, "default", {two_chunks("a")}));
    const auto fresh = store->view()->passages("default", refs, ReadFrom::memory);
    EXPECT_TRUE(fresh && *fresh) << "a memtable is memory";
  }
  const auto store = open();
  const ViewPtr view = store->view();
  const auto before = view->passages("default", refs, ReadFrom::memory);
  ASSERT_TRUE(before) << before.error().detail;
  EXPECT_FALSE(*before);
  const auto from_disk = view->passages("default", refs, ReadFrom::disk);
  ASSERT_TRUE(from_disk && *from_disk);
  const auto after = view->passages("default", refs, ReadFrom::memory);
  ASSERT_TRUE(after && *after);
  EXPECT_EQ((**after)[1].text, "The second.");
}

TEST_F(ViewTest, ShowsTheStoreAsItWas) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {two_chunks("a"), document("b", "stays")}));
  ASSERT_TRUE(put_index(*store, "default", "name", "before"));
  const ViewPtr before = store->view();
  ASSERT_TRUE(put(*store, "default", {document("a", "replaced"), document("c", "added")}));
  ASSERT_TRUE(erase(*store, "default", "b"));
  ASSERT_TRUE(put_index(*store, "default", "name", "after"));
  const ViewPtr after = store->view();

  expect_same(*before->get("default", "a"), two_chunks("a"));
  const auto passage = before->passages("default", std::vector<PassageRef>{{"a", 1}}, ReadFrom::disk);
  ASSERT_TRUE(passage && *passage);
  EXPECT_EQ((**passage)[0].text, "The second.");
  EXPECT_TRUE(*before->holds("default", "b"));
  EXPECT_EQ(before->list("default", "", 10)->documents.size(), 2U);
  EXPECT_EQ(index_of(*before, "default")->at("name"), "before");

  EXPECT_EQ(after->get("default", "a")->document.text, "replaced");
  EXPECT_FALSE(after->passages("default", std::vector<PassageRef>{{"a", 1}}, ReadFrom::disk));
  EXPECT_FALSE(*after->holds("default", "b"));
  EXPECT_EQ(after->list("default", "", 10)->documents.size(), 2U);
  EXPECT_EQ(index_of(*after, "default")->at("name"), "after");
}

TEST_F(ViewTest, LeavesNothingOfReplacedAndErasedDocuments) {
  {
    const auto store = open();
    ASSERT_TRUE(put(*store, "default", {two_chunks("a"), two_chunks("b"), two_chunks("c")}));
    ASSERT_TRUE(put(*store, "default", {document("a", "one chunk")}));
    ASSERT_TRUE(erase(*store, "default", "b"));
  }
  EXPECT_EQ(records(Kind::header), 2U);
  EXPECT_EQ(records(Kind::passage), 3U);
}

TEST_F(ViewTest, GivesBackADocumentWithoutChunks) {
  const auto store = open();
  StoredDocument blank = document("blank", " \n\t ");
  blank.chunks.clear();
  ASSERT_TRUE(put(*store, "default", {blank, two_chunks("a")}));
  expect_same(*store->view()->get("default", "blank"), blank);
  const auto passage = store->view()->passages("default", std::vector<PassageRef>{{"blank", 0}}, ReadFrom::disk);
  ASSERT_FALSE(passage);
  EXPECT_EQ(passage.error().code, Errc::not_found);
  EXPECT_EQ(store->view()->list("default", "a", 1)->documents.at(0).chunks, 0U);
  EXPECT_EQ(put(*store, "default", {blank})->changed, std::vector<bool>{false});
}

TEST_F(ViewTest, VisitsEveryDocumentOfATenant) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "t1", {two_chunks("b"), two_chunks("a"), two_chunks("gone")}));
  ASSERT_TRUE(put(*store, "t2", {document("c", "of another")}));
  ASSERT_TRUE(erase(*store, "t1", "gone"));
  std::vector<std::string> seen;
  ASSERT_TRUE(store->view()->for_each("t1", [&seen](StoredDocument stored) {
    expect_same(stored, two_chunks(stored.document.id));
    seen.push_back(std::move(stored.document.id));
    return Result<void>();
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ViewTest, StopsVisitingAtTheFirstFailure) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "t", {document("a", "1"), document("b", "2")}));
  ASSERT_TRUE(put_index(*store, "t", "one", "1"));
  ASSERT_TRUE(put_index(*store, "t", "two", "2"));
  int visits = 0;
  const auto enough = [&visits](auto&&...) -> Result<void> {
    ++visits;
    return fail(Errc::canceled, "enough");
  };
  EXPECT_EQ(store->view()->for_each("t", enough).error().code, Errc::canceled);
  EXPECT_EQ(store->view()->for_each_index("t", "", enough).error().code, Errc::canceled);
  EXPECT_EQ(visits, 2);
}

TEST_F(ViewTest, FindsIndexRecordsByTheBeginningOfTheirNames) {
  const auto store = open();
  const std::string large = noise(300'000, 5);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"segment/1/0", large}, {"segment/1/1", "small"}, {"segment/10", ""}, {"segmenu", "x"}, {"manifest", "m"}}) {
    ASSERT_TRUE(put_index(*store, "default", name, value));
  }
  ASSERT_TRUE(put_index(*store, "defaulu", "segment/1/2", "of another tenant"));
  EXPECT_EQ(*index_of(*store->view(), "default", "segment/1/"),
            (std::map<std::string, std::string>{{"segment/1/0", large}, {"segment/1/1", "small"}}));
  EXPECT_EQ(index_of(*store->view(), "default")->size(), 5U);
  EXPECT_EQ(index_of(*store->view(), "default", "segment/2")->size(), 0U);
}

double number(DocumentStore& store, std::string_view wanted) {
  for (const auto& [name, value] : store.statistics()) {
    if (name == wanted) return value;
  }
  return -1;
}

// A view holds what it shows; without one, the files of erased records go with the next compactions.
TEST_F(ViewTest, GivesTheDiskBackWhenLargeIndexRecordsAreErased) {
  constexpr double kMebibyte = 1 << 20;
  constexpr int kPieces = 24;
  const auto store = open();
  const auto put_piece = [&store](const std::string& name) {
    return put_index(*store, "default", name, noise(1 << 20, 1));
  };
  for (int piece = 0; piece < kPieces; ++piece) ASSERT_TRUE(put_piece("old/" + std::to_string(piece)));
  EXPECT_GT(number(*store, "blob_bytes"), 12 * kMebibyte);
  Write write("default");
  for (int piece = 0; piece < kPieces; ++piece) write.erase_index("old/" + std::to_string(piece));
  ASSERT_TRUE(store->commit(write));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  int puts = 0;
  do {
    ASSERT_TRUE(put_piece("new"));  // always the same, so that there is something to compact
    ++puts;
  } while (puts < kPieces ||
           (number(*store, "blob_bytes") > 20 * kMebibyte && std::chrono::steady_clock::now() < deadline));
  EXPECT_LE(number(*store, "blob_bytes"), 20 * kMebibyte) << puts;
  EXPECT_EQ(index_of(*store->view(), "default")->size(), 1U);
}

TEST_F(ViewTest, AlwaysGivesBackWhatWasPutLast) {
  std::mt19937 random(11);
  std::map<std::string, StoredDocument> expected;
  auto store = open();
  for (int round = 0; round < 60; ++round) {
    std::map<std::string, StoredDocument> batch;
    for (std::size_t i = random() % 5; i > 0; --i) {
      const std::string id = "doc" + std::to_string(random() % 12);
      batch.insert_or_assign(id, random_document(id, random));
    }
    Write write("default");
    for (const auto& [id, stored] : batch) write.put(stored);
    const std::string erased = "doc" + std::to_string(random() % 12);
    if (!batch.contains(erased)) {
      write.erase(erased);
      expected.erase(erased);
    }
    ASSERT_TRUE(store->commit(write));
    for (const auto& [id, stored] : batch) expected.insert_or_assign(id, stored);
    if (round % 20 == 19) {
      store.reset();
      store = open();
    }

    std::map<std::string, StoredDocument> seen;
    ASSERT_TRUE(store->view()->for_each("default", [&seen](StoredDocument stored) {
      std::string id = stored.document.id;
      seen.emplace(std::move(id), std::move(stored));
      return Result<void>();
    }));
    ASSERT_EQ(seen.size(), expected.size());
    for (const auto& [id, stored] : expected) {
      expect_same(seen.at(id), stored);
      expect_same(*store->view()->get("default", id), stored);
      for (std::uint32_t ordinal = 0; ordinal < stored.chunks.size(); ++ordinal) {
        const ChunkSpan& chunk = stored.chunks[ordinal];
        const auto read = store->view()->passages("default", std::vector<PassageRef>{{id, ordinal}}, ReadFrom::disk);
        ASSERT_TRUE(read && *read);
        EXPECT_EQ((**read)[0].text, stored.document.text.substr(chunk.start, chunk.end - chunk.start));
        EXPECT_EQ((**read)[0].start, chunk.start);
      }
      EXPECT_EQ(store->compare("default", std::span(&stored, 1))->front(), Difference::none);
    }
  }
}

}  // namespace
}  // namespace ragd::store
