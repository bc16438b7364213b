// `ragd snapshot`, with a server and without, and `ragd restore`.
#include "cli/verbs.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"
#include "fakes/temporary_folder.hpp"
#include "store/document_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>

namespace ragd::cli {
namespace {

using fakes::answer_with;
using testing::HasSubstr;
using testing::MatchesRegex;

class SnapshotVerb : public testing::Test {
 protected:
  int ask(const SnapshotOptions& options, ClientResponse answer) {
    fakes::ScriptedTransport server([&](const ClientRequest& request) -> Result<ClientResponse> {
      EXPECT_EQ(request.method + " " + request.target, "POST /admin/snapshot");
      body_ = request.body;
      return answer;
    });
    return snapshot(options, server, console_);
  }

  fakes::TemporaryFolder folder_;
  fakes::ManualClock clock_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{out_, err_, false};
  std::string body_;
};

TEST_F(SnapshotVerb, AsksTheServerAndSaysWhatItTook) {
  const std::string taken = R"({"name":"mine","documents":3,"bytes":4567,"corpus_version":"u-1"})";
  EXPECT_EQ(ask({{"http://h", ""}, "mine", "", false}, answer_with(200, taken)), kExitDone);
  EXPECT_EQ(body_, R"({"name":"mine"})");
  EXPECT_EQ(out_.str(), "snapshot mine: 3 documents, 4567 bytes\n");
  out_.str("");
  EXPECT_EQ(ask({{"http://h", ""}, "", "", true}, answer_with(200, taken)), kExitDone);
  EXPECT_EQ(body_, "{}");
  EXPECT_EQ(out_.str(), taken + "\n");
}

TEST_F(SnapshotVerb, SaysWhyTheServerDidNot) {
  EXPECT_EQ(ask({{"http://h", ""}, "mine", "", false},
                answer_with(409, R"({"detail":"there is a snapshot of this name already"})")),
            kExitFailed);
  EXPECT_EQ(err_.str(), "ragd snapshot: http://h answered 409: there is a snapshot of this name already\n");
}

TEST_F(SnapshotVerb, WorksWithoutAServerAndRestores) {
  const std::string data = folder_ / "data";
  const SnapshotOptions options{{}, "mine", data, false};
  EXPECT_EQ(snapshot_offline(options, console_, clock_), kExitFailed);
  EXPECT_EQ(err_.str(), "ragd snapshot: data directory " + data + " holds no documents\n");
  EXPECT_FALSE(std::filesystem::exists(data)) << "looking makes none";

  std::filesystem::create_directories(data);
  ASSERT_TRUE(store::DocumentStore::open(data + "/documents"));
  EXPECT_EQ(snapshot_offline(options, console_, clock_), kExitDone);
  EXPECT_THAT(out_.str(), MatchesRegex("snapshot mine: 0 documents, [0-9]+ bytes\n"));
  out_.str("");

  const std::string target = folder_ / "target";
  EXPECT_EQ(restore({data + "/snapshots/mine", target, false}, console_), kExitDone);
  EXPECT_THAT(out_.str(), HasSubstr("restored 0 documents as of "));
  err_.str("");
  EXPECT_EQ(restore({data + "/snapshots/mine", target, false}, console_), kExitFailed);
  EXPECT_EQ(err_.str(), "ragd restore: data directory " + target +
                            " holds documents already: --replace puts the snapshot in their place\n");
  EXPECT_EQ(restore({data + "/snapshots/mine", target, true}, console_), kExitDone);
}

}  // namespace
}  // namespace ragd::cli
