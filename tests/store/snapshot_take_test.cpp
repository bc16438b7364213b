// Snapshots: what they say of themselves, and that no half of one is ever seen.
#include "store/disk_faults.hpp"
#include "store/snapshot_fixture.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/version.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ragd::store {
namespace {

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

TEST_F(SnapshotTest, SaysWhatIsInItDownToEachFile) {
  const auto store = open(documents_of(data()));
  fill(*store);
  const auto snapshot = take_snapshot(*store, request("mine"));
  ASSERT_TRUE(snapshot) << snapshot.error().detail;
  EXPECT_EQ(snapshot->name, "mine");
  EXPECT_EQ(snapshot->version_of("other"), *store->version("other"));
  EXPECT_EQ(snapshot->version_of("nobody"), "");

  const auto manifest = read_manifest(where("mine"));
  ASSERT_TRUE(manifest) << manifest.error().detail;
  EXPECT_EQ(manifest->created, "2026-01-02T03:04:05Z");
  EXPECT_EQ(manifest->documents(), 3U);
  ASSERT_EQ(manifest->corpora.size(), 2U);
  EXPECT_EQ(manifest->corpora[0].tenant, "default");
  EXPECT_EQ(manifest->corpora[0].version, *store->version("default"));
  EXPECT_EQ(manifest->corpora[0].documents, 2U);

  std::set<std::string> named;
  std::uint64_t bytes = 0;
  for (const SnapshotFile& file : manifest->files) {
    const std::string content = bytes_of(where("mine") + "/documents/" + file.name);
    EXPECT_EQ(file.bytes, content.size());
    EXPECT_EQ(file.sha256, base::sha256_hex(content));
    named.insert(file.name);
    bytes += file.bytes;
  }
  EXPECT_EQ(named, names_in(where("mine") + "/documents"));
  EXPECT_EQ(manifest->bytes(), bytes);
  const std::string json = bytes_of(where("mine") + "/snapshot.json");
  EXPECT_TRUE(json.starts_with(R"({"format":1,"store_format":2,"ragd_version":")" + std::string(base::version())))
      << json;
}

TEST_F(SnapshotTest, IsNamedAfterTheTimeWhenNobodyNamesIt) {
  const auto store = open(documents_of(data()));
  EXPECT_EQ(take_snapshot(*store, request(""))->name, "20260102T030405Z-1");
  EXPECT_EQ(take_snapshot(*store, request(""))->name, "20260102T030405Z-2");
  EXPECT_EQ(names_in(folder()), (std::set<std::string>{"20260102T030405Z-1", "20260102T030405Z-2"}));
}

TEST_F(SnapshotTest, RefusesNamesThatLeadElsewhere) {
  const auto store = open(documents_of(data()));
  for (const char* name : {".", "..", "../x", "a/b", ".hidden", "a b", "\xC3\xA4"}) {
    const auto refused = take_snapshot(*store, request(name));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Errc::unprocessable) << name;
  }
  EXPECT_FALSE(take_snapshot(*store, request(std::string(65, 'a'))));
  EXPECT_TRUE(names_in(folder()).empty());
  EXPECT_TRUE(take_snapshot(*store, request(std::string(64, 'a'))));
}

TEST_F(SnapshotTest, RefusesANameThatIsTaken) {
  const std::string first = taken("mine");
  const std::string manifest = bytes_of(first + "/snapshot.json");
  const auto store = open(documents_of(data()));
  ASSERT_TRUE(put(*store, "default", {document("d", "four")}));
  const auto refused = take_snapshot(*store, request("mine"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().hint.find(folder()), std::string::npos);
  EXPECT_EQ(bytes_of(first + "/snapshot.json"), manifest);
}

TEST_F(SnapshotTest, LeavesNothingWhenItIsStopped) {
  const auto store = open(documents_of(data()));
  fill(*store);
  std::stop_source stop;
  stop.request_stop();
  SnapshotRequest stopped = request("mine");
  stopped.stop = stop.get_token();
  const auto refused = take_snapshot(*store, stopped);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::canceled);
  EXPECT_TRUE(names_in(folder()).empty());
  EXPECT_TRUE(take_snapshot(*store, request("mine")));
}

TEST_F(SnapshotTest, LeavesNothingOnAFullDisk) {
  const auto store = open(documents_of(data()));
  fill(*store);
  faults::no_room = true;
  const auto refused = take_snapshot(*store, request("mine"));
  faults::clear();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_full) << refused.error().detail;
  EXPECT_TRUE(names_in(folder()).empty());
}

TEST_F(SnapshotTest, RemovesWhatAKillLeftOfAnotherOne) {
  std::filesystem::create_directories(where(".old.unfinished/documents"));
  static_cast<void>(taken("mine"));
  EXPECT_EQ(names_in(folder()), std::set<std::string>{"mine"});
}

}  // namespace
}  // namespace ragd::store
