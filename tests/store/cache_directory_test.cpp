// Whose directory it is: what is refused, what is recreated, and what is never touched.
#include "store/cache_store_fixture.hpp"

namespace ragd::store {
namespace {

TEST(CacheStore, RefusesADirectoryInUseWithoutTouchingIt) {
  const fakes::TemporaryFolder temp;
  const Opened first = open(temp / "cache");
  ASSERT_TRUE(first.store->put("key", "value"));
  CacheStoreOptions options;
  options.directory = temp / "cache";
  const auto second = CacheStore::open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_NE(second.error().detail.find("in use"), std::string::npos) << second.error().detail;
  EXPECT_EQ(read(*first.store, "key"), "value");
  ASSERT_TRUE(first.store->put("key", "newer"));
}

TEST(CacheStore, RefusesADirectoryThatAnotherProcessHolds) {
  const fakes::TemporaryFolder temp;
  const std::string directory = temp / "cache";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    CacheStoreOptions options;
    options.directory = directory;
    auto store = CacheStore::open(std::move(options));
    const char byte = store ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  CacheStoreOptions options;
  options.directory = directory;
  EXPECT_FALSE(CacheStore::open(options));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(open(directory).recreated->empty());
}

TEST(CacheStore, RecreatesADirectoryOfAnotherFormat) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::ofstream(temp / "cache/FORMAT") << "ragd-cache 999\n";
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  ASSERT_TRUE(opened.store->put("key", "new"));
}

TEST(CacheStore, RecreatesADirectoryWhoseManifestIsGarbage) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  for (const auto& file : fs::directory_iterator(temp / "cache")) {
    if (file.path().filename().string().starts_with("MANIFEST")) scribble_over(file.path());
  }
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
  EXPECT_EQ(read(*opened.store, "key"), "new");
}

TEST(CacheStore, RecreatesItselfWhenDamageShowsWhileItRuns) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", std::string(100'000, 'x'))); }
  { const Opened recovered = open(temp / "cache"); }  // the log became a table file
  const Opened opened = open(temp / "cache");
  const auto tables = files_in(temp / "cache", ".sst");
  ASSERT_FALSE(tables.empty());
  for (const auto& table : tables) scribble_over(table);  // its index is in memory: only the read finds out
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
  EXPECT_EQ(read(*opened.store, "key"), "new");
}

std::string why_refused(const std::string& directory) {
  CacheStoreOptions options;
  options.directory = directory;
  const auto opened = CacheStore::open(options);
  return opened ? "" : opened.error().detail;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(CacheStore, RefusesADirectoryOfSomebodyElseAndLeavesItAlone) {
  const fakes::TemporaryFolder temp;
  fs::create_directories(temp / "cache/sub");
  std::ofstream(temp / "cache/sub/photo.txt") << "photo";
  std::ofstream(temp / "cache/000012.log") << "looks like a database's";
  EXPECT_EQ(why_refused(temp / "cache"), temp / "cache" + std::string(" exists and is not a cache of ragd"));
  EXPECT_EQ(content_of(temp / "cache/sub/photo.txt"), "photo");
  EXPECT_EQ(content_of(temp / "cache/000012.log"), "looks like a database's");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp / "cache"), fs::directory_iterator()), 2);
}

TEST(CacheStore, RefusesADirectoryWhoseFormatFileIsSomebodyElses) {
  const fakes::TemporaryFolder temp;
  fs::create_directories(temp / "cache");
  std::ofstream(temp / "cache/FORMAT") << "A4 paper";
  std::ofstream(temp / "cache/letter.txt") << "Dear";
  EXPECT_NE(why_refused(temp / "cache").find("is not a cache of ragd"), std::string::npos);
  EXPECT_EQ(content_of(temp / "cache/FORMAT"), "A4 paper");
  EXPECT_EQ(content_of(temp / "cache/letter.txt"), "Dear");
}

TEST(CacheStore, LeavesForeignFilesInADamagedCacheThatItRecreates) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::ofstream(temp / "cache/notes.txt") << "notes";
  std::ofstream(temp / "cache/CURRENT") << "garbage";
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  EXPECT_EQ(read(*opened.store, "key"), std::nullopt);
  EXPECT_EQ(content_of(temp / "cache/notes.txt"), "notes");
}

TEST(CacheStore, RecreatesACacheWithoutItsFormatMark) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  fs::remove(temp / "cache/FORMAT");
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(opened.recreated->size(), 1U);
  ASSERT_TRUE(opened.store->put("key", "new"));
}

TEST(CacheStore, RecreatesADirectoryWhoseManifestIsGone) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  std::vector<fs::path> manifests;
  for (const auto& file : fs::directory_iterator(temp / "cache")) {
    if (file.path().filename().string().starts_with("MANIFEST")) manifests.push_back(file.path());
  }
  for (const auto& manifest : manifests) fs::remove(manifest);
  EXPECT_EQ(open(temp / "cache").recreated->size(), 1U);
}

TEST(CacheStore, KeepsTheCacheWhenOpeningFailsForAnotherReasonThanDamage) {
  const fakes::TemporaryFolder temp;
  { ASSERT_TRUE(open(temp / "cache").store->put("key", "value")); }
  const std::string current = content_of(temp / "cache/CURRENT");
  fs::remove(temp / "cache/CURRENT");
  fs::create_directory(temp / "cache/CURRENT");  // an IO error to whoever reads it
  EXPECT_NE(why_refused(temp / "cache").find(temp / "cache"), std::string::npos);
  fs::remove(temp / "cache/CURRENT");
  std::ofstream(temp / "cache/CURRENT") << current;
  const Opened opened = open(temp / "cache");
  EXPECT_EQ(read(*opened.store, "key"), "value");
  EXPECT_TRUE(opened.recreated->empty());
}

TEST(CacheStore, RefusesAPathThatIsAFile) {
  const fakes::TemporaryFolder temp;
  std::ofstream(temp / "cache") << "not a directory";
  EXPECT_NE(why_refused(temp / "cache").find("is not a cache of ragd"), std::string::npos);
  EXPECT_EQ(content_of(temp / "cache"), "not a directory");
}

TEST(CacheStore, SaysSoWhenTheDirectoryCannotBeMade) {
  CacheStoreOptions options;
  options.directory = "/proc/nowhere/cache";
  const auto opened = CacheStore::open(options);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().detail.find("/proc/nowhere/cache"), std::string::npos);
}

}  // namespace
}  // namespace ragd::store
