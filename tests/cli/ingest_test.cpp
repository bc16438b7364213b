#include "base/hash.hpp"
#include "base/json.hpp"
#include "cli/api.hpp"
#include "cli/collect.hpp"
#include "cli/progress.hpp"
#include "cli/verbs.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"
#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace ragd::cli {
namespace {

using fakes::answer_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// `ragd ingest` against a server that takes everything, unless a test says otherwise.
class Ingest : public testing::Test {
 protected:
  Ingest() : transport_([this](const ClientRequest& request) { return serve(request); }), console_{out_, err_, false} {}

  int run(std::vector<std::string> paths) {
    const IngestOptions options{{"http://h", ""}, std::move(paths), dry_run_, json_, wait_};
    return ingest(options, transport_, console_, clock_,
                  [this](std::chrono::milliseconds wait) { waits_.push_back(wait); });
  }
  int run_folder() { return run({folder_.path().string()}); }
  std::string id(const std::string& name) const { return (folder_.path() / name).string(); }

  Result<ClientResponse> serve(const ClientRequest& request) {
    if (request.target == "/documents?limit=1") {
      const std::string waiting = std::to_string(waiting_.empty() ? 0 : waiting_.back());
      if (!waiting_.empty()) waiting_.pop_back();
      return answer_with(200, R"({"documents":[],"next_cursor":null,"waiting_for_vectors":)" + waiting + "}");
    }
    if (request.method == "GET") return answer_with(200, list_);
    if (!refusals_.empty()) {
      const ClientResponse refusal = refusals_.back();
      refusals_.pop_back();
      return refusal;
    }
    if (request.body.size() > max_body_) return answer_with(413, R"({"error":"too large"})");
    const auto body = base::JsonDocument::parse(request.body);
    EXPECT_TRUE(body) << request.body;
    std::vector<std::string> ids;
    for (const auto document : array_field(body->root(), "documents")) {
      if (text_field(document, "text").find("poison") != std::string::npos) {
        return answer_with(422, R"({"error":"text is bad"})");
      }
      ids.push_back(text_field(document, "id"));
      last_ = simdjson::minify(document);
    }
    for (const std::string& stored : ids) stored_.push_back(stored);
    batches_.push_back(ids.size());
    const std::string count = std::to_string(ids.size());
    return answer_with(200, R"({"accepted":)" + count + R"(,"unchanged":0,"chunks":)" + count + "}");
  }

  fakes::TemporaryFolder folder_;
  fakes::ManualClock clock_;
  fakes::ScriptedTransport transport_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_;
  bool dry_run_ = false;
  bool wait_ = false;
  std::vector<int> waiting_;  ///< what the server says, the next last
  bool json_ = false;
  std::string list_ = R"({"documents":[],"next_cursor":null})";
  std::vector<ClientResponse> refusals_;  // taken from the back before anything is stored
  std::size_t max_body_ = 8U << 20U;
  std::vector<std::string> stored_;
  std::vector<std::size_t> batches_;
  std::vector<std::chrono::milliseconds> waits_;
  std::string last_;
};

TEST_F(Ingest, SendsEveryDocumentOfAFolderInOrder) {
  folder_.write("b/page.html", "<title>Page</title><p>text</p>");
  folder_.write("a.md", "# Alpha\n\ntext\n");
  folder_.write("b/README", "plain words");
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(stored_, ElementsAre(id("a.md"), id("b/README"), id("b/page.html")));
  EXPECT_THAT(batches_, ElementsAre(3));
  EXPECT_EQ(out_.str(), "ingested 3 (0 unchanged, 0 failed), 3 chunks, in 0.0 s\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Ingest, DescribesTheDocumentAndItsFile) {
  const std::string bytes = "# Alpha\n\ntext\n";
  const std::string path = folder_.write("a.md", bytes);
  EXPECT_EQ(run({path}), kExitDone);
  EXPECT_EQ(last_, R"({"id":")" + path + R"(","title":"Alpha","source":")" + path + R"(","metadata":{"file_sha256":")" +
                       base::sha256_hex(bytes) + R"(","bytes":14},"text":"# Alpha\n\ntext\n"})");
}

TEST_F(Ingest, NamesADocumentWithoutATitleAfterItsFile) {
  EXPECT_EQ(run({folder_.write("notes.txt", "words")}), kExitDone);
  EXPECT_THAT(last_, HasSubstr(R"("title":"notes.txt")"));
}

TEST_F(Ingest, LeavesOutFilesTheServerHasUnchanged) {
  folder_.write("a.txt", "same");
  folder_.write("b.txt", "new");
  list_ = R"({"documents":[{"id":")" + id("a.txt") + R"(","metadata":{"file_sha256":")" + base::sha256_hex("same") +
          R"("}},{"id":")" + id("b.txt") + R"(","metadata":{"file_sha256":")" + base::sha256_hex("old") +
          R"("}}],"next_cursor":null})";
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(stored_, ElementsAre(id("b.txt")));
  EXPECT_EQ(out_.str(), "ingested 1 (1 unchanged, 0 failed), 1 chunks, in 0.0 s\n");
}

TEST_F(Ingest, ReadsTheListPageByPageAndNoFurtherThanItsOwnFiles) {
  folder_.write("a.txt", "x");
  folder_.write("b.txt", "y");
  const auto entry = [](const std::string& document, std::string_view text) {
    return R"({"id":")" + document + R"(","metadata":{"file_sha256":")" + base::sha256_hex(text) + R"("}})";
  };
  std::vector<std::string> pages{
      R"({"documents":[)" + entry(id("a.txt"), "x") + R"(],"next_cursor":"one & two"})",
      R"({"documents":[)" + entry(id("b.txt"), "old") + "," + entry(id("c.txt"), "z") + R"(],"next_cursor":"three"})"};
  transport_ = fakes::ScriptedTransport([&](const ClientRequest& request) -> Result<ClientResponse> {
    if (request.method != "GET") return serve(request);
    const std::string page = pages.front();
    pages.erase(pages.begin());
    return answer_with(200, page);
  });
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(pages, IsEmpty());
  EXPECT_EQ(transport_.requests[0].target, "/documents?limit=1000");
  EXPECT_EQ(transport_.requests[1].target, "/documents?limit=1000&cursor=one%20%26%20two");
  EXPECT_THAT(stored_, ElementsAre(id("b.txt"))) << "a.txt is on the first page";
}

TEST_F(Ingest, WaitsUntilEveryPassageHasItsVectorWhenAskedTo) {
  folder_.write("a.txt", "One.");
  waiting_ = {0, 3, 3, 7};
  EXPECT_EQ(run_folder(), 0);
  EXPECT_EQ(waiting_.size(), 4U) << "nobody asked";
  wait_ = true;
  EXPECT_EQ(run_folder(), 0);
  EXPECT_THAT(waiting_, IsEmpty());
  EXPECT_EQ(waits_.size(), 3U);
  EXPECT_THAT(err_.str(), HasSubstr("waiting for the vectors of 7 passages"));
}

TEST_F(Ingest, NamesABadFileAndGoesOn) {
  folder_.write("a.txt", "caf\xE9");
  folder_.write("b.txt", std::string("\0\1", 2));
  folder_.write("c.txt", "good");
  EXPECT_EQ(run({folder_.path().string(), "/nonexistent/d.txt"}), kExitFailed);
  EXPECT_THAT(stored_, ElementsAre(id("c.txt")));
  EXPECT_EQ(err_.str(), "failed /nonexistent/d.txt: cannot be read: No such file or directory\nfailed " + id("a.txt") +
                            ": is not UTF-8 text\nfailed " + id("b.txt") + ": is a binary file\n");
  EXPECT_EQ(out_.str(), "ingested 1 (0 unchanged, 3 failed), 1 chunks, in 0.0 s\n");
}

TEST_F(Ingest, PassesOverWhatIsNoDocument) {
  for (const char* name : {"1.gz", "2.gz", "3.gz", "4.gz", ".hidden.txt", ".git/config"}) folder_.write(name, "x");
  folder_.write("program", std::string("\x7F"
                                       "ELF\0",
                                       5));
  folder_.write("nothing.txt", "");
  folder_.write("doc.txt", "words");
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(stored_, ElementsAre(id("doc.txt")));
  EXPECT_EQ(err_.str(), "skipped 4: is a .gz file: " + id("1.gz") + " " + id("2.gz") + " " + id("3.gz") +
                            " ...\nskipped 1: is a binary file: " + id("program") +
                            "\nskipped 1: is empty: " + id("nothing.txt") + "\n");
  EXPECT_EQ(out_.str(), "ingested 1 (0 unchanged, 6 skipped, 0 failed), 1 chunks, in 0.0 s\n");
}

TEST_F(Ingest, FailsOnANamedFileItCannotRead) {
  EXPECT_EQ(run({folder_.write("a.gz", "x")}), kExitFailed);
  EXPECT_EQ(err_.str(), "failed " + id("a.gz") + ": is a .gz file, which ragd does not read\n");
}

TEST_F(Ingest, SplitsABatchTheServerFindsTooLarge) {
  for (const char* name : {"a.txt", "b.txt", "c.txt"}) folder_.write(name, std::string(1000, 'x'));
  folder_.write("d.txt", std::string(4000, 'x'));
  max_body_ = 3000;
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_THAT(stored_, ElementsAre(id("a.txt"), id("b.txt"), id("c.txt")));
  EXPECT_THAT(batches_, ElementsAre(2, 1));
  EXPECT_EQ(err_.str(), "failed " + id("d.txt") + ": is larger than the server takes (its http.max_body_bytes)\n");
}

TEST_F(Ingest, FindsTheOneDocumentTheServerRefuses) {
  for (const char* name : {"a.txt", "b.txt", "c.txt", "e.txt"}) folder_.write(name, "words");
  folder_.write("d.txt", "poison");
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_THAT(stored_, ElementsAre(id("a.txt"), id("b.txt"), id("c.txt"), id("e.txt")));
  EXPECT_EQ(err_.str(), "failed " + id("d.txt") + ": was refused by the server: text is bad\n");
}

TEST_F(Ingest, WaitsAsLongAsTheServerAsksButNotForever) {
  folder_.write("a.txt", "words");
  refusals_ = {ClientResponse{503, "", std::nullopt}, ClientResponse{429, "", std::chrono::seconds(86'400)},
               ClientResponse{429, "", std::chrono::seconds(7)}};
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(waits_, ElementsAre(std::chrono::seconds(7), std::chrono::seconds(120), std::chrono::seconds(1)));
  EXPECT_EQ(stored_.size(), 1U);
  EXPECT_THAT(err_.str(), HasSubstr("the server asks for patience: waiting 7 s\n"));
}

TEST_F(Ingest, GivesUpOnAServerThatIsNeverReady) {
  folder_.write("a.txt", "words");
  refusals_.assign(10, ClientResponse{429, "", std::chrono::seconds(3)});
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_EQ(waits_.size(), 9U);
  EXPECT_THAT(err_.str(), HasSubstr("ragd ingest: http://h limits how often it may be asked: try again in 3 s\n"));
  EXPECT_EQ(out_.str(), "ingested 0 (0 unchanged, 0 failed), 0 chunks, in 0.0 s\n");
}

TEST_F(Ingest, StopsAtOnceWhereNoFileCouldSucceed) {
  folder_.write("a.txt", "words");
  refusals_ = {answer_with(507, "{}")};
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("ragd ingest: http://h has no disk space left: make room in its data_dir\n"));
}

TEST_F(Ingest, KeepsBatchesToTwoMebibytesAndTwoHundredDocuments) {
  for (int i = 0; i < 201; ++i) folder_.write("small/" + std::to_string(1000 + i) + ".txt", "words");
  for (int i = 0; i < 3; ++i) folder_.write("wide/" + std::to_string(i) + ".txt", std::string(900'000, 'x'));
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_THAT(batches_, ElementsAre(200, 3, 1));
}

TEST_F(Ingest, OnlyListsOnADryRun) {
  folder_.write("a.txt", "words");
  folder_.write("b.gz", "x");
  dry_run_ = true;
  EXPECT_EQ(run_folder(), kExitDone);
  EXPECT_EQ(out_.str(), id("a.txt") + "\nwould read 1 files (1 skipped, 0 failed)\n");
  EXPECT_EQ(err_.str(), "skipped " + id("b.gz") + ": is a .gz file\n");
  EXPECT_THAT(transport_.requests, IsEmpty());
}

TEST_F(Ingest, LetsNoFileNameSteerTheTerminalOrForgeALine) {
  folder_.write("a.x\033[2J\nfailed b", "x");
  folder_.write("new\nline.txt", "x");
  const std::string where = folder_.path().string();
  EXPECT_EQ(run_folder(), kExitFailed);
  const std::string reason = "is a .x\uFFFD[2J\uFFFDfailed b file";
  const std::string unfit =
      "failed " + where + "/new\uFFFDline.txt: has a path that is not printable UTF-8, unfit for a document's id\n";
  EXPECT_EQ(err_.str(), unfit + "skipped 1: " + reason + ": " + where + "/a.x\uFFFD[2J\uFFFDfailed b\n");
  err_.str("");
  dry_run_ = true;
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_EQ(err_.str(), "skipped " + where + "/a.x\uFFFD[2J\uFFFDfailed b: " + reason + "\n" + unfit);
}

TEST_F(Ingest, LetsNoServerSteerTheTerminal) {
  folder_.write("a.txt", "words");
  refusals_ = {answer_with(418, R"({"error":"\u001b[2J\nfailed"})")};
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("ragd ingest: http://h answered 418: \uFFFD[2J\uFFFDfailed\n"));
}

TEST_F(Ingest, SumsUpAsJsonWhenAsked) {
  folder_.write("a.txt", "words");
  folder_.write("b.txt", "\xFF");
  json_ = true;
  EXPECT_EQ(run_folder(), kExitFailed);
  EXPECT_EQ(out_.str(), R"({"ingested":1,"unchanged":0,"skipped":0,"failed":[{"path":")" + id("b.txt") +
                            R"(","reason":"is not UTF-8 text"}],"chunks":1,"seconds":0})"
                            "\n");
}

TEST(CollectFiles, MakesIdsOfPathsAsGivenWithoutDetours) {
  const fakes::TemporaryFolder folder;
  folder.write("x/a.txt", "1");
  const std::string root = folder.path().string();
  const Collection found = collect_files({root + "/./x/../x/a.txt", root + "/x/", root});
  ASSERT_EQ(found.files.size(), 1U) << "each file once";
  EXPECT_EQ(found.files[0].id, root + "/x/a.txt");
}

TEST(CollectFiles, FollowsLinksButNotInCircles) {
  const fakes::TemporaryFolder folder;
  folder.write("x/a.txt", "1");
  folder.write(".store/b.txt", "2");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "x" / "up");
  std::filesystem::create_directory_symlink(folder.path() / ".store", folder.path() / "y");
  std::filesystem::create_symlink(folder.path() / "nowhere", folder.path() / "dangling.txt");
  const Collection found = collect_files({folder.path().string()});
  ASSERT_EQ(found.files.size(), 2U);
  EXPECT_EQ(found.files[0].path.filename(), "a.txt");
  EXPECT_EQ(found.files[1].id, (folder.path() / "y" / "b.txt").string());
  ASSERT_EQ(found.skipped.size(), 1U);
  EXPECT_EQ(found.skipped[0].reason, "is no regular file");
}

TEST(CollectFiles, SkipsLinksOutOfTheNamedFolder) {
  const fakes::TemporaryFolder parent;
  parent.write("secrets/id_rsa", "key");
  parent.write("named-as-well/b.txt", "2");  // "named" is a prefix of its name, but not the folder it lies in
  parent.write("named/a.txt", "1");
  const std::filesystem::path named = parent.path() / "named";
  std::filesystem::create_symlink(parent.path() / "secrets" / "id_rsa", named / "notes");
  std::filesystem::create_directory_symlink("../secrets", named / "folder");
  std::filesystem::create_directory_symlink("../named-as-well", named / "sibling");
  std::filesystem::create_symlink("folder/id_rsa", named / "indirect.txt");
  const Collection found = collect_files({named.string()});
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.files[0].path.filename(), "a.txt");
  EXPECT_THAT(found.failed, IsEmpty());
  ASSERT_EQ(found.skipped.size(), 4U);
  for (const PassedOver& skipped : found.skipped) EXPECT_EQ(skipped.reason, "is a link out of the folder");
}

TEST(CollectFiles, TakesALinkThatIsNamedForTheFolderItLeadsTo) {
  const fakes::TemporaryFolder parent;
  parent.write("real/a.txt", "1");
  std::filesystem::create_directory_symlink("real", parent.path() / "link");
  std::filesystem::create_symlink("a.txt", parent.path() / "real" / "b.txt");
  const Collection found = collect_files({(parent.path() / "link").string()});
  EXPECT_EQ(found.files.size(), 2U);
  EXPECT_THAT(found.skipped, IsEmpty());
}

TEST(CollectFiles, RefusesPathsThatCannotBeIds) {
  const fakes::TemporaryFolder folder;
  folder.write(std::string(200, 'd') + "/" + std::string(100, 'f') + ".txt", "1");
  folder.write("caf\xE9.txt", "1");
  folder.write("new\nline.txt", "1");
  const Collection found = collect_files({folder.path().string()});
  EXPECT_THAT(found.files, IsEmpty());
  EXPECT_EQ(found.failed.size(), 3U);
}

TEST(ProgressBar, IsRedrawnInPlaceOnATerminal) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{out, err, true};
  fakes::ManualClock clock;
  Progress progress(console, clock, 120);
  clock.advance(std::chrono::seconds(2));
  progress.update(20);
  progress.update(21);  // too soon after the last
  EXPECT_EQ(err.str(), "\r\033[K[####--------------------] 20/120  10.0 files/s  ETA 10 s");
  progress.note("failed x");
  EXPECT_THAT(err.str(), testing::EndsWith("ETA 10 s\r\033[Kfailed x\n"));
}

TEST(ProgressBar, IsAPlainLineNowAndThenInAPipe) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{out, err, false};
  fakes::ManualClock clock;
  Progress progress(console, clock, 120);
  progress.update(1);
  clock.advance(std::chrono::seconds(5));
  progress.update(60);
  clock.advance(std::chrono::seconds(4));
  progress.update(90);
  progress.finish();
  EXPECT_EQ(err.str(), "60 of 120 files\n");
}

}  // namespace
}  // namespace ragd::cli
