#include "base/analyzer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libstemmer.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ragd::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> stems(std::string_view text, TermUse use = TermUse::document) {
  std::vector<std::string> found;
  for (const Term& term : analyze(text, use)) found.push_back(term.stem);
  return found;
}

/// Snowball's own answer, asked for without Analyzer's memory.
std::string snowball(const std::string& word) {
  const std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer(sb_stemmer_new("english", "UTF_8"),
                                                                          &sb_stemmer_delete);
  const auto* stem =
      sb_stemmer_stem(stemmer.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer.get()))};
}

TEST(Analyzer, GivesTheSameStemWhateverItSawBefore) {
  // More words than it remembers, so that they take each other's places, each asked for three times.
  for (int round = 0; round < 3; ++round) {
    for (int n = 0; n < 6000; ++n) {
      const std::string word = "n" + std::to_string(n) + (n % 2 == 0 ? "ations" : "ingly");
      ASSERT_THAT(stems(word), ElementsAre(snowball(word)));
    }
  }
}

TEST(Analyzer, StemsLongWordsAndNeverRemembersAStopWordAsATerm) {
  EXPECT_THAT(stems("internationalizations the internationalizations"), ElementsAre("internation", "internation"));
  EXPECT_THAT(stems("the the yourselves yourselves"), IsEmpty());
}

TEST(Analyzer, FoldsCaseAndStemsEnglish) {
  EXPECT_THAT(stems("Running RUNS runner"), ElementsAre("run", "run", "runner"));
  EXPECT_THAT(stems("The defenses were surrendered"), ElementsAre("defens", "surrend"));
}

TEST(Analyzer, DropsStopWordsFromDocumentsAndKeepsQuestionWords) {
  EXPECT_THAT(stems("the which of a who"), ElementsAre("which", "who"));
}

TEST(Analyzer, DropsQuestionWordsFromQueries) {
  EXPECT_THAT(stems("What is the largest lake, and where?", TermUse::query), ElementsAre("largest", "lake"));
}

TEST(Analyzer, FindsNothingInAQueryOfStopWordsAlone) {
  EXPECT_THAT(stems("Who are you and what is this?", TermUse::query), IsEmpty());
}

TEST(Analyzer, FindsNothingInEmptyTextAndPunctuation) {
  EXPECT_THAT(stems(""), IsEmpty());
  EXPECT_THAT(stems(" \n\t -- ... !? ' , "), IsEmpty());
}

TEST(Analyzer, SplitsAtHyphensUnderscoresAndSlashes) {
  EXPECT_THAT(stems("rate-limit max_body_bytes docs/index"),
              ElementsAre("rate", "limit", "max", "bodi", "byte", "doc", "index"));
}

TEST(Analyzer, KeepsDecimalsVersionsAndAddressesWhole) {
  EXPECT_THAT(stems("3.5 v1.24.3 10.0.0.1"), ElementsAre("3.5", "v1.24.3", "10.0.0.1"));
}

TEST(Analyzer, ReadsGroupedThousandsAsOneNumber) {
  EXPECT_THAT(stems("1,000 1,234,567.89 1000"), ElementsAre("1000", "1234567.89", "1000"));
  EXPECT_THAT(stems("1,2,3 and 1,0000"), ElementsAre("1", "2", "3", "1", "0000"));
}

TEST(Analyzer, LeavesAFullStopOutsideTheNumber) {
  EXPECT_THAT(stems("in 1945. Then 3, 4"), ElementsAre("1945", "3", "4"));
}

TEST(Analyzer, StripsThePossessiveButKeepsInnerApostrophes) {
  EXPECT_THAT(stems("Newton's laws"), ElementsAre("newton", "law"));
  EXPECT_THAT(stems("Newton\u2019s 'laws' o\u2019clock"), ElementsAre("newton", "law", "o'clock"));
}

TEST(Analyzer, TreatsContractionsAsStopWords) {
  EXPECT_THAT(stems("it's don't won\u2019t we'll"), IsEmpty());
}

TEST(Analyzer, JoinsAcronymsWithAndWithoutPoints) {
  EXPECT_THAT(stems("the U.S.A. and USA"), ElementsAre("usa", "usa"));
  EXPECT_THAT(stems("U.S.-based"), ElementsAre("us", "base"));
}

TEST(Analyzer, SplitsNamesAtPointsBetweenWords) {
  EXPECT_THAT(stems("example.com a.cpp"), ElementsAre("exampl", "com", "cpp"));
}

TEST(Analyzer, ComparesCompatibleFormsEqual) {
  EXPECT_EQ(stems("\uFB01sh"), stems("fish"));            // ligature fi
  EXPECT_EQ(stems("\uFF21\uFF22\uFF23"), stems("abc"));   // full width
  EXPECT_EQ(stems("Caf\u00E9"), stems("cafe\u0301"));     // precomposed and decomposed
  EXPECT_EQ(stems("STRASSE"), stems("stra\u00DFe"));      // full case folding
  EXPECT_EQ(stems("soft\u00ADware"), stems("software"));  // soft hyphen
}

TEST(Analyzer, PassesOtherScriptsThroughFolded) {
  EXPECT_THAT(stems("МОСКВА Ελλάδα"), ElementsAre("москва", "ελλάδα"));
}

TEST(Analyzer, KeepsVowelSignsInsideIndicWords) {
  EXPECT_THAT(stems("हिन्दी भाषा"), ElementsAre("हिन्दी", "भाषा"));
}

TEST(Analyzer, CutsCjkRunsIntoOverlappingBigrams) {
  EXPECT_THAT(stems("東京都"), ElementsAre("東京", "京都"));
  EXPECT_THAT(stems("水"), ElementsAre("水"));
  EXPECT_THAT(stems("ABC東京 x"), ElementsAre("abc", "東京", "x"));
}

TEST(Analyzer, KeepsAVoicingMarkWithItsKana) {
  EXPECT_EQ(stems("か\u3099き"), stems("がき"));
}

TEST(Analyzer, ReportsByteRangesOfTheWords) {
  const std::string text = "Die Größe, Newton's 東京都";
  std::vector<std::string> words;
  for (const Term& term : analyze(text, TermUse::document)) {
    words.push_back(text.substr(term.begin, term.end - term.begin));
  }
  EXPECT_THAT(words, ElementsAre("Die", "Größe", "Newton's", "東京", "京都"));
}

TEST(Analyzer, CutsRunsNoWordIsAsLongAs) {
  const auto terms = analyze(std::string(1000, 'x'), TermUse::document);
  ASSERT_FALSE(terms.empty());
  for (const Term& term : terms) EXPECT_LE(term.stem.size(), 128U);
  EXPECT_EQ(terms.back().end, 1000U);
}

TEST(Analyzer, GivesEveryThreadTheSameTerms) {
  const std::string text = "Running horses' defenses surrendered 1,000 times in 東京都";
  const auto expected = stems(text);
  std::vector<std::vector<std::string>> found(4);
  std::vector<std::thread> threads;
  threads.reserve(found.size());
  for (auto& result : found) {
    threads.emplace_back([&result, &text] {
      for (int i = 0; i < 100; ++i) result = stems(text);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : found) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace ragd::base
