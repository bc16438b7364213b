#include "store/document_store.hpp"

#include "store/document_keys.hpp"
#include "store/record_bytes.hpp"
#include "store/rocks.hpp"
#include "store/store_fixture.hpp"

#include <map>

namespace ragd::store {
namespace {

using DocumentStoreTest = StoreTest;

TEST_F(DocumentStoreTest, GivesBackAPutDocument) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "Some text.")}));
  const auto read = store->view()->get("default", "a");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->document.text, "Some text.");
  EXPECT_EQ(read->document.title, "Title of a");
  EXPECT_EQ(read->chunks.size(), 1U);
}

TEST_F(DocumentStoreTest, KnowsNoDocumentNobodyPut) {
  const auto store = open();
  EXPECT_EQ(store->view()->get("default", "a").error().code, Errc::not_found);
  EXPECT_EQ(erase(*store, "default", "a").error().code, Errc::not_found);
}

TEST_F(DocumentStoreTest, CountsVersionsUpFromZeroUnderOneUuid) {
  const auto store = open();
  const std::string initial = store->initial_version();
  EXPECT_TRUE(initial.ends_with("-0"));
  EXPECT_EQ(*store->version("default"), initial);
  const std::string uuid = initial.substr(0, initial.size() - 2);
  EXPECT_EQ(put(*store, "default", {document("a", "one")})->version, uuid + "-1");
  EXPECT_EQ(put(*store, "default", {document("b", "two"), document("c", "three")})->version, uuid + "-2");
  EXPECT_EQ(*erase(*store, "default", "a"), uuid + "-3");
  EXPECT_EQ(*store->version("default"), uuid + "-3");
}

TEST_F(DocumentStoreTest, LeavesTheVersionWhenNothingChanges) {
  const auto store = open();
  const auto first = put(*store, "default", {document("a", "one"), document("b", "two")});
  const auto again = put(*store, "default", {document("b", "two"), document("a", "one")});
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(again->changed, (std::vector<bool>{false, false}));
}

TEST_F(DocumentStoreTest, TellsWhichDocumentsOfABatchChanged) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "one"), document("b", "two")}));
  const auto mixed = put(*store, "default", {document("a", "one"), document("b", "new"), document("c", "three")});
  EXPECT_EQ(mixed->changed, (std::vector<bool>{false, true, true}));
  EXPECT_EQ(store->view()->get("default", "b")->document.text, "new");
}

TEST_F(DocumentStoreTest, TakesAnotherChunkLayoutForAChange) {
  const auto store = open();
  StoredDocument stored = document("a", "some text");
  ASSERT_TRUE(put(*store, "default", {stored}));
  stored.chunks = {{0, 4, ""}, {5, 9, ""}};
  EXPECT_EQ(put(*store, "default", {stored})->changed, std::vector<bool>{true});
}

TEST_F(DocumentStoreTest, KeepsTenantsApart) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "a", {document("x", "of a")}));
  ASSERT_TRUE(put(*store, "ab", {document("x", "of ab")}));
  EXPECT_EQ(store->view()->get("a", "x")->document.text, "of a");
  EXPECT_EQ(store->view()->get("ab", "x")->document.text, "of ab");
  ASSERT_TRUE(erase(*store, "a", "x"));
  EXPECT_TRUE(store->view()->get("ab", "x"));
  EXPECT_TRUE(store->view()->list("a", "", 10)->documents.empty());
  EXPECT_EQ(store->view()->list("ab", "", 10)->documents.size(), 1U);
}

TEST_F(DocumentStoreTest, ListsInOrderOfIdPageByPage) {
  const auto store = open();
  ASSERT_TRUE(
      put(*store, "default", {document("c", "3"), document("a", "1"), document("b", "22"), document("b0", "4")}));
  const auto first = store->view()->list("default", "", 2);
  ASSERT_EQ(first->documents.size(), 2U);
  EXPECT_EQ(first->documents[0].id, "a");
  EXPECT_EQ(first->documents[1].id, "b");
  EXPECT_EQ(first->documents[1].bytes, 2U);
  EXPECT_EQ(first->documents[1].chunks, 1U);
  EXPECT_EQ(first->next, "b");
  const auto second = store->view()->list("default", *first->next, 2);
  ASSERT_EQ(second->documents.size(), 2U);
  EXPECT_EQ(second->documents[0].id, "b0");
  EXPECT_EQ(second->documents[1].id, "c");
  EXPECT_FALSE(second->next);
}

TEST_F(DocumentStoreTest, TellsTheVersionOfEveryTenantThatHasOne) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "t1", {document("a", "1")}));
  ASSERT_TRUE(put(*store, "t2", {document("a", "2")}));
  ASSERT_TRUE(put(*store, "t2", {document("gone", "3")}));
  ASSERT_TRUE(erase(*store, "t2", "gone"));
  ASSERT_TRUE(put_index(*store, "t0", "only an index", "bytes"));
  const auto versions = store->versions();
  ASSERT_TRUE(versions);
  EXPECT_EQ(*versions, (std::vector<std::pair<std::string, std::string>>{{"t1", *store->version("t1")},
                                                                         {"t2", *store->version("t2")}}));
}

TEST_F(DocumentStoreTest, SaysWhichVersionTheNextCommitWillHave) {
  const auto store = open();
  EXPECT_EQ(*store->next_version("default"), store->initial_version().substr(0, 37) + "1");
  for (const char* text : {"one", "two"}) {
    const std::string next = *store->next_version("default");
    EXPECT_EQ(put(*store, "default", {document("a", text)})->version, next);
  }
}

TEST_F(DocumentStoreTest, TellsAddedFromReplacedDocuments) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "one"), document("b", "two")}));
  const std::vector<StoredDocument> batch = {document("c", "three"), document("a", "one"), document("b", "new")};
  EXPECT_EQ(*store->compare("default", batch),
            (std::vector<Difference>{Difference::added, Difference::none, Difference::replaced}));
  EXPECT_EQ(*store->compare("other", batch), (std::vector<Difference>(3, Difference::added)));
}

TEST_F(DocumentStoreTest, CountsAnEraseOfWhatIsNotThere) {
  const auto store = open();
  Write write("default");
  write.erase("nothing");
  ASSERT_TRUE(store->commit(write));
  EXPECT_TRUE(store->version("default")->ends_with("-1"));
}

TEST_F(DocumentStoreTest, CommitsDocumentsAndIndexTogether) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("old", "text")}));
  ASSERT_TRUE(put_index(*store, "default", "gone", "bytes"));
  const StoredDocument added = document("new", "text");
  Write write("default");
  write.put(added);
  write.erase("old");
  write.put_index("segment", std::string("\0bytes", 6));
  write.erase_index("gone");
  ASSERT_TRUE(store->commit(write));
  const auto recovered = open(crash_copy());
  EXPECT_TRUE(*recovered->view()->holds("default", "new"));
  EXPECT_FALSE(*recovered->view()->holds("default", "old"));
  EXPECT_EQ(*index_of(*recovered->view(), "default"),
            (std::map<std::string, std::string>{{"segment", std::string("\0bytes", 6)}}));
}

TEST_F(DocumentStoreTest, PutsAnIndexRecordThatTheSameWriteErased) {
  const auto store = open();
  ASSERT_TRUE(put_index(*store, "default", "name", "old"));
  Write write("default");
  write.put_index("name", "new");
  write.erase_index("name");
  ASSERT_TRUE(store->commit(write));
  EXPECT_EQ(index_of(*store->view(), "default")->at("name"), "new");
}

TEST_F(DocumentStoreTest, LeavesTheVersionWhenOnlyTheIndexChanges) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", "one")}));
  const std::string before = *store->version("default");
  ASSERT_TRUE(put_index(*store, "default", "name", "bytes"));
  ASSERT_TRUE(store->commit(Write("default")));
  EXPECT_EQ(*store->version("default"), before);
}

TEST_F(DocumentStoreTest, RefusesChunksThatOverlapOrLeaveTheText) {
  const auto store = open();
  StoredDocument stored = document("a", "0123456789");
  for (const std::vector<ChunkSpan>& chunks :
       {std::vector<ChunkSpan>{{0, 5, ""}, {4, 10, ""}}, {{5, 10, ""}, {0, 5, ""}}, {{0, 11, ""}}, {{5, 4, ""}}}) {
    stored.chunks = chunks;
    EXPECT_EQ(put(*store, "default", {document("b", "fine"), stored}).error().code, Errc::internal);
  }
  EXPECT_FALSE(*store->view()->holds("default", "b"));
  EXPECT_TRUE(store->version("default")->ends_with("-0"));
}

TEST_F(DocumentStoreTest, RemembersAfterAnOrderlyClose) {
  std::string version;
  {
    const auto store = open();
    version = put(*store, "default", {document("a", "one")})->version;
  }
  const auto store = open();
  EXPECT_EQ(*store->version("default"), version);
  EXPECT_EQ(store->view()->get("default", "a")->document.text, "one");
  EXPECT_TRUE(store->recovery_notes().empty());
}

TEST_F(DocumentStoreTest, MintsAnotherUuidForEveryStore) {
  const auto store = open();
  EXPECT_NE(store->initial_version(), open(other())->initial_version());
}

TEST_F(DocumentStoreTest, SaysWhoHoldsTheDirectory) {
  const auto store = open();
  EXPECT_EQ(why_refused(directory()), "data directory " + directory() + " is in use by another process");
}

TEST_F(DocumentStoreTest, SaysThatADirectoryCannotBeMade) {
  write_bytes(directory(), "a file");
  const std::string below = directory() + "/documents";
  EXPECT_TRUE(why_refused(below).starts_with("data directory " + below + " cannot be created: ")) << why_refused(below);
}

TEST_F(DocumentStoreTest, RefusesANewerFormat) {
  open();
  {
    std::string newer;
    put_varint(newer, 7);
    const auto database = open_database(bounded_options(), directory());
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->Put({}, kFormatKey, newer).ok());
  }
  EXPECT_EQ(why_refused(directory()), "data directory " + directory() + " is of format 7, this ragd understands 2");
}

TEST_F(DocumentStoreTest, ReportsItsNumbers) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "default", {document("a", std::string(100'000, 'x'))}));
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : store->statistics()) numbers[name] = value;
  EXPECT_GT(numbers.at("memtable_bytes"), 100'000);
  EXPECT_EQ(numbers.count("stall_seconds_total") + numbers.count("sst_bytes") + numbers.count("block_cache_bytes") +
                numbers.count("pending_compaction_bytes") + numbers.count("l0_files"),
            5U);
  EXPECT_TRUE(store->ping());
}

}  // namespace
}  // namespace ragd::store
