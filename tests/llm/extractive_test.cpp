#include "llm/extractive.hpp"

#include "base/analyzer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ragd::llm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Passage passage(std::string text, double score = 0.5, std::string title = {}) {
  Passage made;
  made.document_id = "doc";
  made.text = std::move(text);
  made.score = score;
  made.title = std::move(title);
  return made;
}

/// Terms as an index of many documents would weigh them: all alike.
GenerateRequest request(std::string question, std::vector<Passage> passages) {
  GenerateRequest made;
  for (const auto& term : base::analyze(question, base::TermUse::query)) made.terms.push_back({term.stem, 3.0});
  made.question = std::move(question);
  made.passages = std::move(passages);
  return made;
}

Generated answer(std::string question, std::vector<Passage> passages, std::size_t sentences = 3) {
  ExtractiveSettings settings;
  settings.max_sentences = sentences;
  return extract(request(std::move(question), std::move(passages)), settings);
}

constexpr const char* kBridge =
    "The bridge spans the river Forth. It was opened in 1890 by the Prince of Wales. "
    "Engineers painted it red. Trains cross every day.";

TEST(Extractive, QuotesTheSentenceThatCoversTheQuestion) {
  const auto found = answer("What colour did engineers paint the bridge?", {passage(kBridge)}, 1);
  EXPECT_EQ(found.text, "Engineers painted it red. [1]");
  EXPECT_THAT(found.cited, ElementsAre(0U));
  EXPECT_TRUE(found.complete);
}

TEST(Extractive, SaysNothingWithoutPassages) {
  const auto found = answer("What colour is the bridge?", {});
  EXPECT_EQ(found.text, "");
  EXPECT_TRUE(found.cited.empty());
  EXPECT_TRUE(found.complete);
}

TEST(Extractive, SaysNothingToAQuestionOfQuestionWordsAlone) {
  EXPECT_EQ(answer("Who are you and what is this?", {passage(kBridge)}).text, "");
}

TEST(Extractive, SaysNothingAboutAnotherSubject) {
  const auto found = answer("What is the boiling point of tungsten?",
                            {passage("The Panthers beat the Broncos by a single point in the final.", 0.2)});
  EXPECT_EQ(found.text, "");
  EXPECT_TRUE(found.cited.empty());
}

TEST(Extractive, AnswersAParaphraseWithHalfItsWordsPresent) {
  const auto found = answer("Did engineers or artists colour the whole bridge in red paint?", {passage(kBridge)});
  EXPECT_THAT(found.text, HasSubstr("Engineers painted it red. [1]"));
}

TEST(Extractive, TakesOneSharedWordOfSeveralForACoincidence) {
  // "painted" is shared and weighs 0.45 of the question: more than the usual threshold, and still no answer.
  GenerateRequest coincidence = request("Who painted Guernica?", {passage(kBridge)});
  ASSERT_EQ(coincidence.terms.size(), 2U);
  coincidence.terms[0].weight = 0.45;
  coincidence.terms[1].weight = 0.55;
  EXPECT_EQ(extract(coincidence, {}).text, "");
  coincidence.terms[0].weight = 0.6;
  coincidence.terms[1].weight = 0.4;
  EXPECT_THAT(extract(coincidence, {}).text, HasSubstr("painted it red"));
}

TEST(Extractive, AnswersFromACorpusOfOneDocument) {
  GenerateRequest asked = request("What time does the office open in the morning?",
                                  {passage("Our office is in Berlin. The office opens at nine.", 0.3)});
  // BM25's weights with one document: 0.29 for a word it has, 1.39 for one it has not.
  for (QueryTerm& term : asked.terms) term.weight = term.stem == "offic" || term.stem == "open" ? 0.29 : 1.39;
  EXPECT_THAT(extract(asked, {}).text, HasSubstr("The office opens at nine. [1]"));
}

TEST(Extractive, TreatsATermTheRetrieverDoesNotReportAsUnknownToTheCorpus) {
  GenerateRequest asked = request("What is the tungsten point?", {passage("They won by one point yesterday.")});
  std::erase_if(asked.terms, [](const QueryTerm& term) { return term.stem == "tungsten"; });
  asked.terms.push_back({"rare", 9.0});
  EXPECT_EQ(extract(asked, {}).text, "");
}

TEST(Extractive, WeighsTermsAlikeWhenTheRetrieverReportsNone) {
  GenerateRequest asked = request("What colour did engineers paint the bridge?", {passage(kBridge)});
  asked.terms.clear();
  EXPECT_THAT(extract(asked, {}).text, HasSubstr("Engineers painted it red."));
}

TEST(Extractive, PrefersRareTermsToCommonOnes) {
  GenerateRequest asked = request("zeppelin company", {passage("The company grew fast. A zeppelin landed nearby.")});
  asked.terms = {{"zeppelin", 6.0}, {"compani", 0.5}};
  EXPECT_EQ(extract(asked, {.max_sentences = 1}).text, "A zeppelin landed nearby. [1]");
}

TEST(Extractive, ChoosesAtMostTheConfiguredNumberOfSentences) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "The bridge number " + std::to_string(i) + " was painted red. ";
  const auto found = answer("Which bridge was painted red?", {passage(text)}, 3);
  EXPECT_EQ(std::count(found.text.begin(), found.text.end(), '['), 3);
}

TEST(Extractive, LeavesOutSentencesFarBehindTheBest) {
  EXPECT_EQ(answer("Who painted the bridge red?",
                   {passage("Tea is served at noon. Mary Smith painted the bridge red. Birds sing. Dogs bark.")})
                .text,
            "Mary Smith painted the bridge red. [1]");
}

TEST(Extractive, KeepsSourceOrderWithinAPassageAndBestPassageFirst) {
  const auto found = answer("When was the Forth bridge opened and painted?",
                            {passage("Ships pass the Forth bridge at night.", 0.5),
                             passage("The Forth bridge was painted in 1891. The Forth bridge opened in 1890.", 0.5)});
  EXPECT_THAT(found.text, StartsWith("The Forth bridge was painted in 1891. [1] The Forth bridge opened in 1890. [1]"));
  ASSERT_FALSE(found.cited.empty());
  EXPECT_EQ(found.cited[0], 1U);
}

TEST(Extractive, NumbersMarkersByPassageInOrderOfAppearance) {
  const auto found = answer("Who painted the bridge?", {passage("Once Ann painted the bridge.", 0.5),
                                                        passage("Later Bob painted the bridge again.", 0.5)});
  EXPECT_EQ(found.text, "Once Ann painted the bridge. [1]\nLater Bob painted the bridge again. [2]");
  EXPECT_THAT(found.cited, ElementsAre(0U, 1U));
}

TEST(Extractive, QuotesASentenceOfOverlappingPassagesOnce) {
  const auto found = answer("Who painted the bridge?", {passage("Ann painted the bridge once.", 0.5),
                                                        passage("Ann painted the  bridge\nonce.", 0.5)});
  EXPECT_EQ(found.text, "Ann painted the bridge once. [1]");
}

TEST(Extractive, NeverQuotesAnotherTextsReferenceMarks) {
  const auto found =
      answer("Who painted the bridge?", {passage("Ann painted[1] the bridge red.[12][3, 4] End[x].")}, 1);
  EXPECT_EQ(found.text, "Ann painted the bridge red. [1]");
}

TEST(Extractive, TrimsMarkdownAndUsesHeadingsAsContextOnly) {
  const auto found =
      answer("What is the rate limit window?",
             {passage("# Rate limit window\n\n- 60 requests a minute per client.\n\n# Cache\n\nOne hour.")});
  EXPECT_THAT(found.text, StartsWith("60 requests a minute per client. [1]"));
  EXPECT_THAT(found.text, Not(HasSubstr("#")));
}

TEST(Extractive, SkipsACaptionThatSaysNothingBeyondTheQuestion) {
  EXPECT_EQ(answer("What is the rate limit?", {passage("The rate limit\n\nThe rate limit is sixty requests.")}, 1).text,
            "The rate limit is sixty requests. [1]");
}

TEST(Extractive, ConfirmsAYesOrNoQuestionWithTheSameStatement) {
  EXPECT_EQ(answer("Did engineers paint it red?", {passage(kBridge)}, 1).text, "Engineers painted it red. [1]");
}

TEST(Extractive, PrefersAStatementToTheSameQuestion) {
  EXPECT_EQ(answer("How is the bridge painted?",
                   {passage("How exactly is the bridge painted? The bridge is painted with brushes.")}, 1)
                .text,
            "The bridge is painted with brushes. [1]");
}

TEST(Extractive, CountsTheTitleAsContext) {
  const auto found =
      answer("When was Super Bowl 50 played?", {passage("It was played on February 7, 2016.", 0.5, "Super Bowl 50")});
  EXPECT_EQ(found.text, "It was played on February 7, 2016. [1]");
}

TEST(Extractive, FollowsAPronounToTheSentenceBefore) {
  EXPECT_EQ(
      answer("When did the Forth bridge open?",
             {passage("Boats were open in 1700. They sank. The Forth bridge is long. It was open from 1890 on.")}, 1)
          .text,
      "It was open from 1890 on. [1]");
}

TEST(Extractive, PrefersTheKindOfThingAskedFor) {
  const std::string text =
      "The bridge was built with great care. The bridge was built by Mary Smith. "
      "The bridge was built in 1890. The bridge was built near Edinburgh.";
  EXPECT_EQ(answer("Who built the bridge?", {passage(text)}, 1).text, "The bridge was built by Mary Smith. [1]");
  EXPECT_EQ(answer("When was the bridge built?", {passage(text)}, 1).text, "The bridge was built in 1890. [1]");
  EXPECT_EQ(answer("Where was the bridge built?", {passage(text)}, 1).text, "The bridge was built near Edinburgh. [1]");
}

TEST(Extractive, PutsAFragmentOnALineOfItsOwn) {
  const auto found =
      answer("bridge colour paint", {passage("- bridge colour paint: red\n- bridge colour paint: blue")});
  EXPECT_EQ(found.text, "bridge colour paint: red [1]\nbridge colour paint: blue [1]");
}

TEST(Extractive, QuotesEndlessTextInPieces) {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "bridge item" + std::to_string(i) + " ";
  const auto found = answer("bridge", {passage(text)});
  EXPECT_FALSE(found.text.empty());
  EXPECT_LT(found.text.size(), 2'300U);
}

TEST(Extractive, TakesAnyBytesOfTextAndAVeryLongQuestion) {
  std::string question;
  for (int i = 0; i < 1'000; ++i) question += "word" + std::to_string(i) + " ";
  const auto found = answer(question, {passage("word1 word2 東京都。 \u2019 [ ] [1 word3"), passage("")});
  EXPECT_LE(found.cited.size(), 2U);
}

TEST(ExtractiveAnswerer, AnswersThroughTheContractWithoutSuspending) {
  ExtractiveAnswerer answerer;
  const RequestContext context;
  const GenerateRequest asked = request("What colour did engineers paint the bridge?", {passage(kBridge)});
  boost::asio::io_context io;
  std::optional<Result<Generated>> got;
  boost::asio::co_spawn(io.get_executor(), answerer.generate(context, asked),
                        [&got](const std::exception_ptr& failure, Result<Generated> result) {
                          if (!failure) got.emplace(std::move(result));
                        });
  io.run();
  ASSERT_TRUE(got.has_value());
  ASSERT_TRUE(got->has_value());
  EXPECT_THAT((*got)->text, HasSubstr("Engineers painted it red. [1]"));
}

TEST(ExtractiveAnswerer, NamesItselfAndItsSettings) {
  const ExtractiveAnswerer three;
  const ExtractiveAnswerer one(ExtractiveSettings{.max_sentences = 1});
  EXPECT_EQ(three.model(), "extractive");
  EXPECT_EQ(three.source(), "extractive");
  EXPECT_NE(three.settings_tag(), one.settings_tag());
}

}  // namespace
}  // namespace ragd::llm
