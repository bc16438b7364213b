// From format 1 to format 2, whatever the moment it is cut off at.
#include "store/disk_faults.hpp"
#include "store/format_1.hpp"
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace ragd::store {
namespace {

StoredDocument chunked(const std::string& id) {
  StoredDocument stored = document(id, "\nFirst of " + id + ".\n\nSecond.\n");
  const std::size_t end = stored.document.text.find(".\n\n") + 1;
  stored.chunks = {{1, end, "Guide"}, {end + 2, end + 9, ""}};
  return stored;
}

/// Three of its documents are large enough for a batch of their own.
std::map<std::string, std::vector<StoredDocument>> corpus() {
  StoredDocument blank = document("blank", "  ");
  blank.chunks.clear();
  return {{"default",
           {chunked("a"), document("big1", std::string(700'000, 'x')), document("big2", std::string(700'000, 'y')),
            blank, chunked("z")}},
          {"other", {document("big3", std::string(1'100'000, 'z')), chunked("a")}}};
}

class MigrationTest : public StoreTest {
 protected:
  void TearDown() override { faults::no_syncs = false; }

  [[nodiscard]] std::string kept() const { return directory() + ".format-1"; }

  void write_format_1() const {
    FormatOneStore old(directory());
    for (const auto& [tenant, documents] : corpus()) {
      for (const StoredDocument& stored : documents) old.put(tenant, stored);
      old.set_version(tenant, 7);
    }
  }

  static void expect_corpus(DocumentStore& store) {
    for (const auto& [tenant, documents] : corpus()) {
      const auto differences = store.compare(tenant, documents);
      ASSERT_TRUE(differences) << differences.error().detail;
      EXPECT_EQ(*differences, std::vector<Difference>(documents.size(), Difference::none));
      EXPECT_EQ(store.view()->list(tenant, "", 100)->documents.size(), documents.size());
      for (const StoredDocument& wanted : documents) {
        const auto read = store.view()->get(tenant, wanted.document.id);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_TRUE(read->document.text == wanted.document.text) << wanted.document.id;
        ASSERT_EQ(read->chunks.size(), wanted.chunks.size());
      }
      EXPECT_EQ(*store.version(tenant), std::string(FormatOneStore::kUuid) + "-7");
    }
  }

  /// The store that was kept is the old one, whole, with nothing of the new format in it.
  static void expect_untouched(const std::string& where) {
    EXPECT_FALSE(files_of(where, ".log").empty()) << "the old ragd refuses a store without a log";
    const auto database = open_database(bounded_options(), where);
    ASSERT_TRUE(database) << database.error().detail;
    EXPECT_EQ(look_up(**database, kFormatKey)->value(), "\1");
    EXPECT_FALSE(look_up(**database, kMigrationKey)->has_value());
    for (const auto& [tenant, documents] : corpus()) {
      for (const StoredDocument& stored : documents) {
        EXPECT_EQ(look_up(**database, key_of(tenant, Kind::header, stored.document.id))->value(),
                  FormatOneStore::header_of(stored));
        EXPECT_TRUE(look_up(**database, key_of(tenant, Kind::text, stored.document.id))->value() ==
                    stored.document.text);
        EXPECT_FALSE(look_up(**database, passage_key(tenant, stored.document.id, 0))->has_value());
      }
    }
  }

  /// Nothing of the old format is left, and no file of the work.
  void expect_finished() const {
    const auto database = open_database(bounded_options(), directory());
    ASSERT_TRUE(database);
    EXPECT_EQ(look_up(**database, kFormatKey)->value(), "\2");
    EXPECT_FALSE(look_up(**database, kMigrationKey)->has_value());
    for (const auto& [tenant, documents] : corpus()) {
      for (const StoredDocument& stored : documents) {
        EXPECT_FALSE(look_up(**database, key_of(tenant, Kind::text, stored.document.id))->has_value());
      }
    }
    const std::filesystem::directory_iterator beside_it(temporary());
    EXPECT_EQ(std::distance(begin(beside_it), end(beside_it)), 2) << "the store and the kept one";
  }
};

TEST_F(MigrationTest, RewritesAStoreOfFormatOneAndKeepsItBeside) {
  write_format_1();
  {
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(store->recovery_notes(),
              (std::vector<std::string>{"documents rewritten from format 1 to 2; as they were they lie in " + kept() +
                                        ", which may be removed"}));
    expect_corpus(*store);
    const auto passages = store->view()->passages("other", std::vector<PassageRef>{{"a", 1}}, ReadFrom::disk);
    ASSERT_TRUE(passages && *passages);
    EXPECT_EQ((**passages)[0].text, "Second.");
  }
  {
    const auto again = open();
    EXPECT_TRUE(again->recovery_notes().empty());
    expect_corpus(*again);
  }
  expect_untouched(kept());
  expect_finished();
}

TEST_F(MigrationTest, RewritesAnEmptyStore) {
  { const FormatOneStore old(directory()); }
  const auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(store->initial_version(), std::string(FormatOneStore::kUuid) + "-0");
  EXPECT_EQ(put(*store, "default", {chunked("a")})->version, std::string(FormatOneStore::kUuid) + "-1");
}

TEST_F(MigrationTest, GoesOnWhereItWasCutOff) {
  write_format_1();
  fakes::copy_folder(directory(), kept());
  {
    FormatOneStore half(directory());
    half.put_raw(kMigrationKey, "");
    half.put_rewritten("default", corpus()["default"][0]);
    half.put_rewritten("default", corpus()["default"][3]);
  }
  const auto store = open();
  ASSERT_TRUE(store);
  expect_corpus(*store);
  expect_untouched(kept());
}

TEST_F(MigrationTest, LeavesAnotherStoreUnderTheKeptNameAlone) {
  write_format_1();
  fakes::copy_folder(directory(), kept());
  EXPECT_EQ(why_refused(directory()), "data directory " + directory() + " is of format 1 and cannot be rewritten: " +
                                          kept() + " is in the way, with a store in it: move it");
  std::filesystem::rename(kept(), other());
  const auto store = open();
  ASSERT_TRUE(store);
  expect_corpus(*store);
}

TEST_F(MigrationTest, RefusesADamagedDocumentByItsId) {
  {
    FormatOneStore old(directory());
    old.put("default", chunked("a"));
    old.put_raw(key_of("default", Kind::text, "a"), "another text");
  }
  EXPECT_EQ(why_refused(directory()), "data directory " + directory() +
                                          " is of format 1 and cannot be rewritten: a document of format 1 is "
                                          "damaged: a");
}

TEST_F(MigrationTest, SurvivesGarbageInPlaceOfAnyByteOfAHeader) {
  const std::string header = FormatOneStore::header_of(chunked("a"));
  for (std::size_t at = 1; at < header.size(); at += 3) {
    std::filesystem::remove_all(directory());
    std::filesystem::remove_all(kept());
    {
      FormatOneStore old(directory());
      old.put("default", chunked("a"));
      std::string damaged = header;
      damaged[at] = static_cast<char>(~damaged[at]);
      old.put_raw(key_of("default", Kind::header, "a"), damaged);
    }
    const auto store = DocumentStore::open(directory());
    EXPECT_TRUE(!store || (*store)->view()->get("default", "a")->document.text == chunked("a").document.text) << at;
  }
}

constexpr const char* kOpenVariable = "RAGD_TEST_OPEN";
constexpr const char* kStepsVariable = "RAGD_TEST_STEPS_TO_LIVE";

/// Not a test: what open_and_die starts.
TEST(DurabilityChild, OpensUntilItIsKilled) {
  const char* directory = std::getenv(kOpenVariable);
  if (directory == nullptr) GTEST_SKIP() << "only as a child of the migration test";
  faults::no_syncs = true;
  faults::steps_to_live = std::atoi(std::getenv(kStepsVariable));
  ASSERT_TRUE(DocumentStore::open(directory));
}

/// Opens the store in a process of its own, which dies at that step. False: it was through before.
bool open_and_die(const std::string& directory, int step) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(kOpenVariable, directory.c_str(), 1);
    ::setenv(kStepsVariable, std::to_string(step).c_str(), 1);
    ::execl("/proc/self/exe", "store_tests", "--gtest_filter=DurabilityChild.OpensUntilItIsKilled", "--gtest_brief=1",
            nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << step << ": " << status;
  return killed;
}

TEST_F(MigrationTest, ResumesAfterAKillAtAnyStep) {
  faults::no_syncs = true;
  write_format_1();
  const std::string old = temporary() / "old";
  std::filesystem::rename(directory(), old);
  bool killed = true;
  int step = 0;
  while (killed) {
    ++step;
    fakes::copy_folder(old, directory());
    std::filesystem::remove_all(kept());
    killed = open_and_die(directory(), step);
    if (step % 3 == 0) open_and_die(directory(), step / 2);  // and once more while it resumes
    {
      const auto store = open();
      ASSERT_TRUE(store) << step;
      expect_corpus(*store);
    }
    expect_untouched(kept());
    EXPECT_FALSE(std::filesystem::exists(kept() + ".unfinished")) << step;
    if (HasFailure()) FAIL() << "at step " << step;
  }
  EXPECT_GT(step, 50) << "so few changes of files are not all of them";
}

}  // namespace
}  // namespace ragd::store
