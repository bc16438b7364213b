#include "store/document_store.hpp"

#include "store/document_keys.hpp"
#include "store/record.hpp"
#include "store/rocks.hpp"
#include "store/store_fixture.hpp"

#include <map>

namespace ragd::store {
namespace {

using DocumentStoreTest = StoreTest;

TEST_F(DocumentStoreTest, GivesBackAPutDocument) {
  const auto store = open();
  ASSERT_TRUE(store->put("default", {document("a", "Some text.")}));
  const auto read = store->get("default", "a");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->document.text, "Some text.");
  EXPECT_EQ(read->document.title, "Title of a");
  EXPECT_EQ(read->chunks.size(), 1U);
}

TEST_F(DocumentStoreTest, KnowsNoDocumentNobodyPut) {
  const auto store = open();
  EXPECT_EQ(store->get("default", "a").error().code, Errc::not_found);
  EXPECT_EQ(store->erase("default", "a").error().code, Errc::not_found);
}

TEST_F(DocumentStoreTest, CountsVersionsUpFromZeroUnderOneUuid) {
  const auto store = open();
  const std::string initial = store->initial_version();
  EXPECT_TRUE(initial.ends_with("-0"));
  EXPECT_EQ(*store->version("default"), initial);
  const std::string uuid = initial.substr(0, initial.size() - 2);
  EXPECT_EQ(store->put("default", {document("a", "one")})->version, uuid + "-1");
  EXPECT_EQ(store->put("default", {document("b", "two"), document("c", "three")})->version, uuid + "-2");
  EXPECT_EQ(*store->erase("default", "a"), uuid + "-3");
  EXPECT_EQ(*store->version("default"), uuid + "-3");
}

TEST_F(DocumentStoreTest, LeavesTheVersionWhenNothingChanges) {
  const auto store = open();
  const auto first = store->put("default", {document("a", "one"), document("b", "two")});
  const auto again = store->put("default", {document("b", "two"), document("a", "one")});
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(again->changed, (std::vector<bool>{false, false}));
}

TEST_F(DocumentStoreTest, TellsWhichDocumentsOfABatchChanged) {
  const auto store = open();
  ASSERT_TRUE(store->put("default", {document("a", "one"), document("b", "two")}));
  const auto mixed = store->put("default", {document("a", "one"), document("b", "new"), document("c", "three")});
  EXPECT_EQ(mixed->changed, (std::vector<bool>{false, true, true}));
  EXPECT_EQ(store->get("default", "b")->document.text, "new");
}

TEST_F(DocumentStoreTest, TakesAnotherChunkLayoutForAChange) {
  const auto store = open();
  StoredDocument stored = document("a", "some text");
  ASSERT_TRUE(store->put("default", {stored}));
  stored.chunks = {{0, 4, ""}, {5, 9, ""}};
  EXPECT_EQ(store->put("default", {stored})->changed, std::vector<bool>{true});
}

TEST_F(DocumentStoreTest, KeepsTenantsApart) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", {document("x", "of a")}));
  ASSERT_TRUE(store->put("ab", {document("x", "of ab")}));
  EXPECT_EQ(store->get("a", "x")->document.text, "of a");
  EXPECT_EQ(store->get("ab", "x")->document.text, "of ab");
  ASSERT_TRUE(store->erase("a", "x"));
  EXPECT_TRUE(store->get("ab", "x"));
  EXPECT_TRUE(store->list("a", "", 10)->documents.empty());
  EXPECT_EQ(store->list("ab", "", 10)->documents.size(), 1U);
}

TEST_F(DocumentStoreTest, ListsInOrderOfIdPageByPage) {
  const auto store = open();
  ASSERT_TRUE(
      store->put("default", {document("c", "3"), document("a", "1"), document("b", "22"), document("b0", "4")}));
  const auto first = store->list("default", "", 2);
  ASSERT_EQ(first->documents.size(), 2U);
  EXPECT_EQ(first->documents[0].id, "a");
  EXPECT_EQ(first->documents[1].id, "b");
  EXPECT_EQ(first->documents[1].bytes, 2U);
  EXPECT_EQ(first->documents[1].chunks, 1U);
  EXPECT_EQ(first->next, "b");
  const auto second = store->list("default", *first->next, 2);
  ASSERT_EQ(second->documents.size(), 2U);
  EXPECT_EQ(second->documents[0].id, "b0");
  EXPECT_EQ(second->documents[1].id, "c");
  EXPECT_FALSE(second->next);
}

TEST_F(DocumentStoreTest, VisitsEveryDocumentOfEveryTenant) {
  const auto store = open();
  ASSERT_TRUE(store->put("t1", {document("a", "1"), document("b", "2")}));
  ASSERT_TRUE(store->put("t2", {document("a", "3")}));
  ASSERT_TRUE(store->put("t3", {document("gone", "4")}));
  ASSERT_TRUE(store->erase("t3", "gone"));
  std::vector<std::string> seen;
  ASSERT_TRUE(store->for_each([&seen](const std::string& tenant, StoredDocument stored) {
    seen.push_back(tenant + "/" + stored.document.id + "=" + stored.document.text);
    return Result<void>();
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"t1/a=1", "t1/b=2", "t2/a=3"}));
  const auto versions = store->versions();
  ASSERT_EQ(versions->size(), 3U);
  EXPECT_EQ((*versions)[2], std::pair(std::string("t3"), *store->version("t3")));
}

TEST_F(DocumentStoreTest, StopsVisitingAtTheFirstFailure) {
  const auto store = open();
  ASSERT_TRUE(store->put("t", {document("a", "1"), document("b", "2")}));
  int visits = 0;
  const auto stopped = store->for_each([&visits](const std::string&, StoredDocument) -> Result<void> {
    ++visits;
    return fail(Errc::canceled, "enough");
  });
  EXPECT_EQ(stopped.error().code, Errc::canceled);
  EXPECT_EQ(visits, 1);
}

TEST_F(DocumentStoreTest, RemembersAfterAnOrderlyClose) {
  std::string version;
  {
    const auto store = open();
    version = store->put("default", {document("a", "one")})->version;
  }
  const auto store = open();
  EXPECT_EQ(*store->version("default"), version);
  EXPECT_EQ(store->get("default", "a")->document.text, "one");
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
  EXPECT_EQ(why_refused(directory()), "data directory " + directory() + " is of format 7, this ragd understands 1");
}

TEST_F(DocumentStoreTest, ReportsItsNumbers) {
  const auto store = open();
  ASSERT_TRUE(store->put("default", {document("a", std::string(100'000, 'x'))}));
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
