#include "app/settings_print.hpp"

#include "app/settings_table.hpp"
#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace ragd::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The working copy this test was built in: the nearest folder above the binary that has the documentation.
std::filesystem::path repository() {
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (folder != folder.root_path() && !std::filesystem::exists(folder / "docs" / "configuration.md")) {
    folder = folder.parent_path();
  }
  return folder;
}

TEST(SettingsTable, GivesEverySettingDistinctNamesAndAWholeSentence) {
  std::set<std::string> names;
  for (const SettingRow& row : settings_table()) {
    EXPECT_TRUE(names.insert(row.key).second) << row.key;
    EXPECT_TRUE(names.insert(row.env()).second) << row.key;
    EXPECT_TRUE(names.insert(row.flag()).second) << row.key;
    EXPECT_TRUE(row.doc.ends_with('.')) << row.key;
    EXPECT_EQ(row.doc.find_first_of("|\n"), std::string::npos) << row.key << " would break the table";
  }
}

TEST(SettingsTable, DerivesTheThreeSpellings) {
  const SettingRow* row = find_setting("http.max_body_bytes");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->env(), "RAGD_HTTP_MAX_BODY_BYTES");
  EXPECT_EQ(row->flag(), "--http-max-body-bytes");
  EXPECT_EQ(row->section(), "http");
  EXPECT_EQ(row->name(), "max_body_bytes");
  EXPECT_EQ(find_setting("listen")->section(), "");
  EXPECT_EQ(find_setting("nothing"), nullptr);
}

TEST(SettingsTable, AcceptsItsOwnDefaults) {
  const Settings defaults;
  for (const SettingRow& row : settings_table()) {
    std::string literal = row.print(defaults);
    if (literal.starts_with('[')) continue;
    if (literal.starts_with('"')) literal = literal.substr(1, literal.size() - 2);
    Settings values;
    const auto done = row.assign(values, literal);
    EXPECT_TRUE(done) << row.key << ": " << (done ? "" : done.error().detail);
    EXPECT_EQ(row.print(values), row.print(defaults));
  }
}

TEST(PrintSettings, SaysEachValueAndItsOrigin) {
  const auto loaded = load_settings({std::nullopt, {{"LOG_LEVEL", "Warn"}}, {{"--cache-ttl", "90"}}});
  ASSERT_TRUE(loaded);
  const std::string printed = settings_as_toml(*loaded);
  EXPECT_THAT(printed, StartsWith("listen = \"127.0.0.1:8000\"                     # default\n"));
  EXPECT_THAT(printed, HasSubstr("\nlog_level = \"warning\"                         # environment LOG_LEVEL\n"));
  EXPECT_THAT(printed, HasSubstr("\n\n[cache]\nttl = \"90s\"                                   # flag --cache-ttl\n"));
}

TEST(PrintSettings, CanBeLoadedAgain) {
  const auto loaded = load_settings({std::nullopt,
                                     {{"RAGD_CORS_ORIGINS", "https://a.example,https://b.example"},
                                      {"RAGD_DATA_DIR", "a \"quoted\" \\ folder\t#"},
                                      {"RAGD_RETRIEVAL_MIN_SCORE", "0.1"}},
                                     {}});
  ASSERT_TRUE(loaded);
  const fakes::TemporaryFolder folder;
  const auto again = load_settings({folder.write("printed.toml", settings_as_toml(*loaded)), {}, {}});
  ASSERT_TRUE(again) << again.error().detail;
  for (const SettingRow& row : settings_table())
    EXPECT_EQ(row.print(again->values), row.print(loaded->values)) << row.key;
}

TEST(Shown, MasksSecretsThatAreSet) {
  SettingRow row = *find_setting("auth.keys_file");
  row.secret = true;
  Settings values;
  EXPECT_EQ(shown(row, values), "\"\"") << "that none is set may be seen";
  values.auth.keys_file = "hunter2";
  EXPECT_EQ(shown(row, values), "\"********\"");
}

TEST(ConfigurationPage, IsTheOneTheTableWrites) {
  std::ifstream file(repository() / "docs" / "configuration.md");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, settings_as_markdown()) << "run: ragd check-config --markdown > docs/configuration.md";
}

}  // namespace
}  // namespace ragd::app
