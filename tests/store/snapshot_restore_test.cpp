// `ragd restore`: the whole snapshot or what was there, whatever is wrong with it and whenever it is killed.
#include "base/hash.hpp"
#include "store/cache_store_fixture.hpp"
#include "store/checkpoint.hpp"
#include "store/disk_faults.hpp"
#include "store/format_1.hpp"
#include "store/snapshot_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/file.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace ragd::store {
namespace {

namespace fs = std::filesystem;

class RestoreTest : public SnapshotTest {
 protected:
  void TearDown() override { faults::no_syncs = false; }

  [[nodiscard]] std::string restoring() const { return documents_of(target()) + ".restoring"; }

  /// What a restore replaces: one document, and a cached answer.
  void write_old() const {
    fs::create_directories(target());
    ASSERT_TRUE(put(*open(documents_of(target())), "default", {document("old", "old")}));
  }
  [[nodiscard]] bool has_old() const {
    const auto store = open(documents_of(target()));
    return store && *store->view()->holds("default", "old");
  }
};

void flip_a_byte(const std::string& file) {
  std::string bytes = bytes_of(file);
  bytes[bytes.size() / 2] ^= 1;
  write_bytes(file, bytes);
}

void replace_in(const std::string& file, const std::string& what, const std::string& with) {
  std::string text = bytes_of(file);
  ASSERT_NE(text.find(what), std::string::npos) << text;
  write_bytes(file, text.replace(text.find(what), what.size(), with));
}

TEST_F(RestoreTest, GivesTheSameDocumentsANewIdentity) {
  const std::string snapshot = taken("mine");
  const auto restored = restore_snapshot({snapshot, target(), false});
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_EQ(restored->documents(), 3U);
  const std::string version = expect_restored(target());
  const std::string old = *open(documents_of(data()))->version("default");
  EXPECT_NE(with_uuid_of(version), with_uuid_of(old));
  EXPECT_EQ(version.substr(version.rfind('-')), old.substr(old.rfind('-')));
  EXPECT_FALSE(fs::exists(restoring()));
  // And another one, from the same snapshot: they are no copies of each other.
  ASSERT_TRUE(restore_snapshot({snapshot, target() + "2", false}));
  EXPECT_NE(with_uuid_of(expect_restored(target() + "2")), with_uuid_of(version));
}

TEST_F(RestoreTest, LeavesTheSnapshotAsItWas) {
  const std::string snapshot = taken("mine");
  ASSERT_TRUE(restore_snapshot({snapshot, target(), false}));
  ASSERT_TRUE(put(*open(documents_of(target())), "default", {document("d", "later")}));
  ASSERT_TRUE(restore_snapshot({snapshot, target() + "2", false}));
  expect_restored(target() + "2");
}

TEST_F(RestoreTest, NamesEveryFileThatIsNotAsTheManifestSays) {
  const std::string snapshot = taken("mine");
  const auto manifest = read_manifest(snapshot);
  ASSERT_TRUE(manifest);
  const std::string& first = manifest->files.front().name;
  const std::string& last = manifest->files.back().name;
  const std::string documents = snapshot + "/documents/";
  const std::string whole = bytes_of(documents + first);
  const std::string damaged = "snapshot " + snapshot + " is damaged: ";

  flip_a_byte(documents + first);
  EXPECT_EQ(why_not_restored(snapshot), damaged + "documents/" + first + " is changed");
  write_bytes(documents + first, whole + "x");
  EXPECT_EQ(why_not_restored(snapshot), damaged + "documents/" + first + " has " + std::to_string(whole.size() + 1) +
                                            " bytes, not " + std::to_string(whole.size()));
  fs::resize_file(documents + first, whole.size() - 1);
  fs::remove(documents + last);
  write_bytes(snapshot + "/notes.txt", "x");
  EXPECT_EQ(why_not_restored(snapshot), damaged + "documents/" + first + " has " + std::to_string(whole.size() - 1) +
                                            " bytes, not " + std::to_string(whole.size()) + "; documents/" + last +
                                            " is missing; notes.txt is not in its snapshot.json");
  EXPECT_FALSE(fs::exists(documents_of(target())));
  EXPECT_FALSE(fs::exists(restoring()));
}

TEST_F(RestoreTest, RefusesALinkInPlaceOfAFile) {
  const std::string snapshot = taken("mine");
  const std::string file = snapshot + "/documents/CURRENT";
  fs::rename(file, temporary() / "elsewhere");
  fs::create_symlink(temporary() / "elsewhere", file);
  EXPECT_EQ(why_not_restored(snapshot), "snapshot " + snapshot + " is damaged: documents/CURRENT is no regular file");
}

TEST_F(RestoreTest, RefusesNewerFormatsInOneLine) {
  const std::string snapshot = taken("mine");
  const std::string manifest = snapshot + "/snapshot.json";
  const std::string whole = bytes_of(manifest);
  write_bytes(manifest, R"({"format":2,"everything":"else"})");
  EXPECT_EQ(why_not_restored(snapshot), "snapshot " + snapshot + " is of format 2, this ragd understands 1");
  write_bytes(manifest, whole);
  replace_in(manifest, R"("store_format":2)", R"("store_format":3)");
  EXPECT_EQ(why_not_restored(snapshot),
            "snapshot " + snapshot + " holds documents of format 3, this ragd understands 2");
}

TEST_F(RestoreTest, RefusesAManifestThatIsNone) {
  const std::string snapshot = taken("mine");
  const std::string manifest = snapshot + "/snapshot.json";
  const std::string whole = bytes_of(manifest);
  write_bytes(manifest, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(why_not_restored(snapshot), "snapshot " + snapshot + " is damaged: its snapshot.json cannot be understood");
  write_bytes(manifest, whole);
  replace_in(manifest, R"("name":"CURRENT")", R"("name":"../CURRENT")");
  EXPECT_EQ(why_not_restored(snapshot), "snapshot " + snapshot + " is damaged: its snapshot.json is not whole");
  fs::remove(manifest);
  EXPECT_EQ(why_not_restored(snapshot), "snapshot " + snapshot +
                                            " has no readable snapshot.json: it cannot be read: No such file or "
                                            "directory");
}

TEST_F(RestoreTest, RefusesADataDirectoryWithDocumentsUnlessTheyAreToBeReplaced) {
  const std::string snapshot = taken("mine");
  write_old();
  EXPECT_EQ(why_not_restored(snapshot),
            "data directory " + target() + " holds documents already: --replace puts the snapshot in their place");
  EXPECT_TRUE(has_old());
  const auto replaced = restore_snapshot({snapshot, target(), true});
  ASSERT_TRUE(replaced) << replaced.error().detail;
  expect_restored(target());
  EXPECT_FALSE(has_old());
  EXPECT_FALSE(fs::exists(restoring()));
}

TEST_F(RestoreTest, KeepsWhatIsThereWhenTheSnapshotIsDamaged) {
  const std::string snapshot = taken("mine");
  write_old();
  flip_a_byte(snapshot + "/documents/" + read_manifest(snapshot)->files.front().name);
  EXPECT_NE(why_not_restored(snapshot, true).find("is changed"), std::string::npos);
  EXPECT_TRUE(has_old());
  EXPECT_FALSE(fs::exists(restoring()));
}

TEST_F(RestoreTest, RefusesADataDirectoryInUse) {
  const std::string snapshot = taken("mine");
  write_old();
  const auto serving = open(documents_of(target()));
  EXPECT_EQ(why_not_restored(snapshot, true), "data directory " + target() + " is in use by another process");
  EXPECT_TRUE(*serving->view()->holds("default", "old"));
}

TEST_F(RestoreTest, RefusesADataDirectoryThatIsBeingRestored) {
  const std::string snapshot = taken("mine");
  fs::create_directories(target());
  const int other = ::open(target().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(why_not_restored(snapshot), "data directory " + target() + " is being restored already");
  ::close(other);
  EXPECT_TRUE(restore_snapshot({snapshot, target(), false}));
}

TEST_F(RestoreTest, RefusesDocumentsBehindALink) {
  const std::string snapshot = taken("mine");
  fs::create_directories(target());
  fs::create_directory_symlink(temporary(), documents_of(target()));
  EXPECT_EQ(why_not_restored(snapshot, true),
            documents_of(target()) + " is a link: restore into a data directory without one");
}

TEST_F(RestoreTest, EmptiesTheResponseCacheAndNothingElse) {
  const std::string snapshot = taken("mine");
  const std::string cache = target() + "/cache";
  fs::create_directories(target());
  { ASSERT_TRUE(store::open(cache).store->put("key", "value")); }
  ASSERT_TRUE(restore_snapshot({snapshot, target(), false}));
  EXPECT_EQ(read(*store::open(cache).store, "key"), std::nullopt);

  const std::string foreign = target() + "2/cache";
  fs::create_directories(foreign);
  write_bytes(foreign + "/photo.jpg", "x");
  ASSERT_TRUE(restore_snapshot({snapshot, target() + "2", false}));
  EXPECT_TRUE(fs::exists(foreign + "/photo.jpg"));
}

TEST_F(RestoreTest, OfAnOlderFormatIsRewrittenByTheNextOpening) {
  const std::string snapshot = where("old");
  {
    FormatOneStore old(snapshot + "/documents");
    old.put("default", document("a", "one"));
    old.set_version("default", 7);
  }
  fs::remove(snapshot + "/documents/LOCK");
  SnapshotManifest manifest;
  for (const auto& entry : fs::directory_iterator(snapshot + "/documents")) {
    const std::string bytes = bytes_of(entry.path());
    manifest.files.push_back({entry.path().filename(), bytes.size(), base::sha256_hex(bytes)});
  }
  write_bytes(snapshot + "/snapshot.json", manifest_json(manifest));
  replace_in(snapshot + "/snapshot.json", R"("store_format":2)", R"("store_format":1)");

  const auto restored = restore_snapshot({snapshot, target(), false});
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_FALSE(fs::exists(documents_of(target()) + ".format-1"));
  const auto store = open(documents_of(target()));
  ASSERT_TRUE(store);
  EXPECT_EQ(store->recovery_notes().size(), 1U);
  EXPECT_EQ(store->view()->get("default", "a")->document.text, "one");
  EXPECT_NE(*store->version("default"), std::string(FormatOneStore::kUuid) + "-7");
}

TEST_F(RestoreTest, AnOpeningRemovesWhatAKilledRestoreLeft) {
  write_old();
  fs::create_directories(restoring());
  write_bytes(restoring() + "/CURRENT", "half of one");
  EXPECT_TRUE(has_old());
  EXPECT_FALSE(fs::exists(restoring()));
}

constexpr const char* kSnapshotVariable = "RAGD_TEST_RESTORE";
constexpr const char* kTargetVariable = "RAGD_TEST_RESTORE_TO";
constexpr const char* kStepsVariable = "RAGD_TEST_RESTORE_STEPS";

/// Not a test: what restore_and_die starts.
TEST(DurabilityChild, RestoresUntilItIsKilled) {
  const char* snapshot = std::getenv(kSnapshotVariable);
  const char* target = std::getenv(kTargetVariable);
  const char* steps = std::getenv(kStepsVariable);
  if (snapshot == nullptr || target == nullptr || steps == nullptr) {
    GTEST_SKIP() << "only as a child of the restore test";
  }
  faults::no_syncs = true;
  faults::steps_to_live = std::atoi(steps);
  const auto restored = restore_snapshot({snapshot, target, true});
  ASSERT_TRUE(restored) << restored.error().detail;
}

/// Restores in a process of its own, which dies at that step. False: it was through before.
bool restore_and_die(const std::string& snapshot, const std::string& target, int step) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(kSnapshotVariable, snapshot.c_str(), 1);
    ::setenv(kTargetVariable, target.c_str(), 1);
    ::setenv(kStepsVariable, std::to_string(step).c_str(), 1);
    ::execl("/proc/self/exe", "store_tests", "--gtest_filter=DurabilityChild.RestoresUntilItIsKilled",
            "--gtest_brief=1", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << step << ": " << status;
  return killed;
}

TEST_F(RestoreTest, KilledAtAnyStepLeavesTheOldDocumentsOrTheRestoredOnes) {
  faults::no_syncs = true;
  const std::string snapshot = taken("mine");
  write_old();
  const std::string old = temporary() / "old";
  fs::rename(target(), old);
  int kept = 0;
  bool killed = true;
  int step = 0;
  while (killed) {
    ++step;
    fakes::copy_folder(old, target());
    killed = restore_and_die(snapshot, target(), step);
    if (has_old()) {
      ++kept;
    } else {
      expect_restored(target());
    }
    EXPECT_FALSE(fs::exists(restoring())) << "the opening has removed it";
  }
  EXPECT_FALSE(has_old());
  EXPECT_GT(kept, 5);
  EXPECT_LT(kept, step);

  // And without anything to replace: nothing, or all of it; a second try succeeds.
  for (const int early : {1, step / 2, step - 1}) {
    fs::remove_all(target());
    restore_and_die(snapshot, target(), early);
    if (!fs::exists(documents_of(target()))) {
      const auto again = restore_snapshot({snapshot, target(), false});
      ASSERT_TRUE(again) << again.error().detail;
    }
    expect_restored(target());
  }
}

}  // namespace
}  // namespace ragd::store
