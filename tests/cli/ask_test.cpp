#include "cli/api.hpp"
#include "cli/verbs.hpp"
#include "fakes/scripted_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace ragd::cli {
namespace {

using fakes::answer_with;
using fakes::ScriptedTransport;
using testing::MatchesRegex;

Connection server() {
  return {"http://127.0.0.1:8000", ""};
}

/// One verb run against one answer.
struct Trial {
  explicit Trial(const Result<ClientResponse>& answer)
      : transport([answer](const ClientRequest&) { return answer; }), console{out, err, false} {}
  std::ostringstream out;
  std::ostringstream err;
  ScriptedTransport transport;
  Console console;
};

constexpr const char* kAnswer =
    R"({"answer":"Paris. [1]","citations":[{"id":1,"document_id":"d","chunk_id":"d#0","title":"France","source":"f.md",)"
    R"("score":0.834,"text":"...","start":0,"end":3},{"id":2,"document_id":"e","title":"","source":"","score":1}],)"
    R"("cached":true,"cache":{"status":"hit","age_s":3,"ttl_s":9},"answer_source":"extractive","degraded":false})";

TEST(Ask, PrintsTheAnswerThenWhereItIsFrom) {
  Trial run(answer_with(200, kAnswer));
  EXPECT_EQ(ask({server(), "capital?", 3, false}, run.transport, run.console), kExitDone);
  EXPECT_THAT(run.out.str(),
              MatchesRegex("Paris\\. \\[1\\]\n\n\\[1\\] France - f\\.md \\(0\\.83\\)\n\\[2\\] e \\(1\\.00\\)\n"
                           "cached: yes \\(hit\\), extractive, [0-9]+ ms\n"));
  ASSERT_EQ(run.transport.requests.size(), 1U);
  EXPECT_EQ(run.transport.requests[0].target, "/query");
  EXPECT_EQ(run.transport.requests[0].body, R"({"question":"capital?","top_k":3})");
}

TEST(Ask, PrintsTheBodyAsItCameForJson) {
  Trial run(answer_with(200, kAnswer));
  EXPECT_EQ(ask({server(), "q", std::nullopt, true}, run.transport, run.console), kExitDone);
  EXPECT_EQ(run.out.str(), std::string(kAnswer) + "\n");
  EXPECT_EQ(run.transport.requests[0].body, R"({"question":"q"})");
}

TEST(Ask, ExitsWith3WhenThereIsNoAnswer) {
  Trial run(answer_with(200, R"({"answer":"No answer.","citations":[],"cached":false})"));
  EXPECT_EQ(ask({server(), "q", std::nullopt, false}, run.transport, run.console), kExitNothingFound);
  EXPECT_THAT(run.out.str(), MatchesRegex("No answer\\.\n\ncached: no, [0-9]+ ms\n"));
}

TEST(Ask, LetsNoDocumentSteerTheTerminal) {
  Trial run(answer_with(200, "{\"answer\":\"a\\u001b[2Jb\\u009bc\\td\",\"citations\":[]}"));
  ask({server(), "q", std::nullopt, false}, run.transport, run.console);
  EXPECT_THAT(run.out.str(), testing::StartsWith("a\uFFFD[2Jb\uFFFDc\td\n"));
}

TEST(Ask, LetsNoTitleForgeALine) {
  Trial run(answer_with(200, R"({"answer":"a","citations":[{"id":1,"title":"t\n[2] u\t","source":"s\n","score":1}]})"));
  ask({server(), "q", std::nullopt, false}, run.transport, run.console);
  EXPECT_THAT(run.out.str(), testing::HasSubstr("[1] t\uFFFD[2] u\uFFFD - s\uFFFD (1.00)\ncached"));
}

std::string complaint(const Result<ClientResponse>& answer) {
  Trial run(answer);
  EXPECT_EQ(ask({server(), "q", std::nullopt, false}, run.transport, run.console), kExitFailed);
  EXPECT_EQ(run.out.str(), "");
  return run.err.str();
}

TEST(Ask, LetsNoServersErrorSteerTheTerminal) {
  EXPECT_EQ(complaint(answer_with(422, R"({"error":"\u001b[2J\nragd ask: done"})")),
            "ragd ask: http://127.0.0.1:8000 answered 422: \uFFFD[2J\uFFFDragd ask: done\n");
}

TEST(Ask, SaysWhatToDoNext) {
  EXPECT_EQ(complaint(fail(Errc::unavailable, "cannot reach http://h: connection refused")),
            "ragd ask: cannot reach http://h: connection refused\n");
  EXPECT_EQ(complaint(answer_with(401, "{}")),
            "ragd ask: http://127.0.0.1:8000 wants an API key: give one with --api-key or RAGD_API_KEY\n");
  EXPECT_EQ(complaint(ClientResponse{429, "{}", std::chrono::seconds(7)}),
            "ragd ask: http://127.0.0.1:8000 limits how often it may be asked: try again in 7 s\n");
  EXPECT_EQ(complaint(answer_with(422, R"({"error":"question is empty"})")),
            "ragd ask: http://127.0.0.1:8000 answered 422: question is empty\n");
  EXPECT_EQ(complaint(answer_with(500, "<html>")),
            "ragd ask: http://127.0.0.1:8000 answered 500 (its log says more)\n");
  EXPECT_EQ(complaint(answer_with(200, "<html>")),
            "ragd ask: http://127.0.0.1:8000 answered with something else than JSON: is it really ragd?\n");
}

TEST(Search, RanksWithScoreNameAndSnippet) {
  const std::string longer(300, 'x');
  Trial run(
      answer_with(200, R"({"results":[{"document_id":"d","title":"T","source":"s.md","score":0.5,"text":"a\n  b"},)"
                       R"({"document_id":"e","source":"","title":"","score":0.25,"text":")" +
                           longer + R"("}],"corpus_version":"v"})"));
  EXPECT_EQ(search({server(), "words", 2, false}, run.transport, run.console), kExitDone);
  EXPECT_EQ(run.out.str(),
            " 1. 0.500  T - s.md\n           a b\n 2. 0.250  e\n           " + std::string(240, 'x') + "...\n");
  EXPECT_EQ(run.transport.requests[0].target, "/search");
  EXPECT_EQ(run.transport.requests[0].body, R"({"query":"words","top_k":2})");
}

TEST(Search, ExitsWith3WhenNothingMatches) {
  Trial run(answer_with(200, R"({"results":[]})"));
  EXPECT_EQ(search({server(), "q", std::nullopt, false}, run.transport, run.console), kExitNothingFound);
  EXPECT_EQ(run.out.str(), "nothing found\n");
}

TEST(Healthcheck, IsContentWithALivingServer) {
  Trial run(answer_with(200, R"({"status":"healthy","version":"0.1.0"})"));
  EXPECT_EQ(healthcheck({server(), false, false}, run.transport, run.console), kExitDone);
  EXPECT_EQ(run.out.str(), "healthy\n");
  EXPECT_EQ(run.transport.requests[0].target, "/health");
}

TEST(Healthcheck, NamesThePartsThatAreNotReady) {
  Trial run(answer_with(503, R"({"status":"not_ready","checks":{"cache":true,"vector_db":false,"llm":false}})"));
  EXPECT_EQ(healthcheck({server(), true, false}, run.transport, run.console), kExitFailed);
  EXPECT_EQ(run.err.str(), "ragd healthcheck: http://127.0.0.1:8000 is not ready: vector_db, llm\n");
  EXPECT_EQ(run.transport.requests[0].target, "/health/ready");
}

TEST(Healthcheck, FailsOnSilenceAndOnStrangers) {
  Trial silent(fail(Errc::unavailable, "Connection refused"));
  EXPECT_EQ(healthcheck({server(), false, false}, silent.transport, silent.console), kExitFailed);
  Trial stranger(answer_with(200, "It works!"));
  EXPECT_EQ(healthcheck({server(), false, false}, stranger.transport, stranger.console), kExitFailed);
  Trial lost(answer_with(404, "nope"));
  EXPECT_EQ(healthcheck({server(), false, false}, lost.transport, lost.console), kExitFailed);
}

TEST(LocalUrl, AsksAnyAddressAtLoopback) {
  EXPECT_EQ(local_url("0.0.0.0:9000"), "http://127.0.0.1:9000");
  EXPECT_EQ(local_url("[::]:9000"), "http://[::1]:9000");
  EXPECT_EQ(local_url("10.1.2.3:80"), "http://10.1.2.3:80");
}

}  // namespace
}  // namespace ragd::cli
