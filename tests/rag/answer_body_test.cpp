#include "rag/answer_body.hpp"

#include "base/json.hpp"
#include "rag/fingerprint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace ragd::rag {
namespace {

Passage passage(const std::string& id, const std::string& text) {
  Passage made;
  made.document_id = id;
  made.chunk_id = id + "#0";
  made.title = "Title \"" + id + "\"";
  made.source = "file:" + id;
  made.text = text;
  made.score = 0.5;
  made.start = 10;
  made.end = 10 + text.size();
  return made;
}

TEST(AnswerBody, IsTheOpenFrontOfTheResponseWithCitationsInMarkerOrder) {
  const std::vector<Passage> passages{passage("a", "first"), passage("b", "second")};
  const Generated generated{"So [1], but [2].\n", {1, 0}, true, {11, 4}};
  const auto answer = compose_answer(generated, passages, {"llm", "small-model"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(
      answer->json,
      R"({"answer":"So [1], but [2].\n","citations":[)"
      R"({"id":1,"document_id":"b","chunk_id":"b#0","title":"Title \"b\"","source":"file:b","score":0.5,"text":"second","start":10,"end":16},)"
      R"({"id":2,"document_id":"a","chunk_id":"a#0","title":"Title \"a\"","source":"file:a","score":0.5,"text":"first","start":10,"end":15}],)"
      R"("answer_source":"llm","degraded":false,"model":"small-model","usage":{"prompt_tokens":11,"completion_tokens":4})");
  EXPECT_TRUE(base::JsonDocument::parse(answer->json + "}"));
  EXPECT_EQ(answer->documents, (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(answer->no_answer);
}

TEST(AnswerBody, KnowsWhereItsAnswerAndItsCitationsLie) {
  const std::vector<Passage> passages{passage("a", "first")};
  const auto answer = compose_answer({"\"quoted\" [1]", {0}, true, {}}, passages, {"llm", "m"});
  ASSERT_TRUE(answer);
  const auto part = [&](std::uint32_t begin, std::uint32_t end) { return answer->json.substr(begin, end - begin); };
  EXPECT_EQ(part(answer->answer_begin, answer->answer_end), R"("\"quoted\" [1]")");
  const auto citations = base::JsonDocument::parse(part(answer->citations_begin, answer->citations_end));
  ASSERT_TRUE(citations);
  EXPECT_EQ(simdjson::dom::array(citations->root()).size(), 1U);
}

TEST(AnswerBody, SaysHonestlyThatThereIsNoAnswer) {
  const std::vector<Passage> passages{passage("a", "first")};
  const auto answer = compose_answer({"", {0}, true, {}}, passages, {"extractive", "m"});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->no_answer);
  EXPECT_TRUE(answer->documents.empty());
  EXPECT_NE(answer->json.find(kNoAnswerText), std::string::npos);
  EXPECT_NE(answer->json.find(R"("citations":[],)"), std::string::npos);
}

TEST(AnswerBody, RefusesACitationOfAPassageThatWasNotGiven) {
  const auto answer = compose_answer({"x [1]", {0}, true, {}}, {}, {"llm", "m"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::internal);
}

TEST(Fingerprint, ChangesWithEverythingThatCanShowInAnAnswerButNotWithScores) {
  const std::vector<Passage> base{passage("a", "first"), passage("b", "second")};
  std::vector<Passage> changed = base;
  changed[0].score = 0.25;
  EXPECT_EQ(fingerprint_of(changed), fingerprint_of(base));
  const std::vector<std::function<void(std::vector<Passage>&)>> changes{
      [](auto& p) { p[0].document_id = "c"; },
      [](auto& p) { p[0].chunk_id = "a#1"; },
      [](auto& p) { p[0].text = "First"; },
      [](auto& p) { p[0].title = ""; },
      [](auto& p) { p[0].source = "elsewhere"; },
      [](auto& p) { p[0].heading = "Top"; },
      [](auto& p) { p[0].metadata_json = R"({"x":1})"; },
      [](auto& p) { p[0].start = 9; },
      [](auto& p) { p[0].end = 99; },
      [](auto& p) { std::swap(p[0], p[1]); },
      [](auto& p) { p.pop_back(); },
      [](auto& p) { p.clear(); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changed = base;
    changes[i](changed);
    EXPECT_NE(fingerprint_of(changed), fingerprint_of(base)) << "change " << i;
  }
}

}  // namespace
}  // namespace ragd::rag
