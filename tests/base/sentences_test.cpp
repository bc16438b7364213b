#include "base/sentences.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ragd::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> cut(std::string_view text, const std::vector<Span>& spans) {
  std::vector<std::string> pieces;
  pieces.reserve(spans.size());
  for (const Span& span : spans) pieces.emplace_back(text.substr(span.begin, span.end - span.begin));
  return pieces;
}

std::vector<std::string> sentences(std::string_view text) {
  return cut(text, split_sentences(text));
}

std::vector<std::string> paragraphs(std::string_view text) {
  return cut(text, split_paragraphs(text));
}

TEST(Sentences, EndAtFullStopsQuestionAndExclamationMarks) {
  EXPECT_THAT(sentences("It rained. Did it? Yes! 50 people came."),
              ElementsAre("It rained.", "Did it?", "Yes!", "50 people came."));
}

TEST(Sentences, AreNoneInWhiteSpace) {
  EXPECT_THAT(sentences(""), IsEmpty());
  EXPECT_THAT(sentences(" \n\n\t \u00A0 "), IsEmpty());
}

TEST(Sentences, KeepAnUnfinishedTail) {
  EXPECT_THAT(sentences("Done. Not quite"), ElementsAre("Done.", "Not quite"));
}

TEST(Sentences, RunOnAfterTitlesAndAbbreviations) {
  EXPECT_THAT(sentences("Mr. Smith met Dr. Jones, e.g. Monday. They spoke."),
              ElementsAre("Mr. Smith met Dr. Jones, e.g. Monday.", "They spoke."));
  EXPECT_THAT(sentences("See Fig. 3 and No. 5. Next one."), ElementsAre("See Fig. 3 and No. 5.", "Next one."));
}

TEST(Sentences, EndAfterTheWordNo) {
  EXPECT_THAT(sentences("The answer is no. Ask again."), ElementsAre("The answer is no.", "Ask again."));
}

TEST(Sentences, RunOnAfterInitials) {
  EXPECT_THAT(sentences("George W. Bush met J. K. Rowling. It was May."),
              ElementsAre("George W. Bush met J. K. Rowling.", "It was May."));
}

TEST(Sentences, EndAfterAnAcronymOnlyWhenASentenceBegins) {
  EXPECT_THAT(sentences("He moved to the U.S. Navy base. She left the U.S. The rest stayed."),
              ElementsAre("He moved to the U.S. Navy base.", "She left the U.S.", "The rest stayed."));
  EXPECT_THAT(sentences("Acme Inc. bought it. It joined Acme Inc. However, nobody knew."),
              ElementsAre("Acme Inc. bought it.", "It joined Acme Inc.", "However, nobody knew."));
}

TEST(Sentences, KeepDecimalsFileNamesAndVersionsWhole) {
  EXPECT_THAT(sentences("Use 3.5 of main.cpp v1.2.3 now. Then stop."),
              ElementsAre("Use 3.5 of main.cpp v1.2.3 now.", "Then stop."));
}

TEST(Sentences, KeepClosingQuotesBracketsAndReferenceMarks) {
  EXPECT_THAT(
      sentences("He said \"go.\" (She went.) All left.[12][3, 4] Nobody \u201Cstayed.\u201D End."),
      ElementsAre("He said \"go.\"", "(She went.)", "All left.[12][3, 4]", "Nobody \u201Cstayed.\u201D", "End."));
}

TEST(Sentences, RunOnBeforeALowerCaseLetter) {
  EXPECT_THAT(sentences("\"Why?\" he asked ... and left. Yahoo! is old."),
              ElementsAre("\"Why?\" he asked ... and left.", "Yahoo! is old."));
}

TEST(Sentences, EndAtWideMarksWithoutASpace) {
  EXPECT_THAT(sentences("今日は。明日は？はい"), ElementsAre("今日は。", "明日は？", "はい"));
}

TEST(Sentences, RunOnOverSoftLineEnds) {
  EXPECT_THAT(sentences("This sentence was wrapped by an editor that breaks lines\nlate in the day. Next."),
              ElementsAre("This sentence was wrapped by an editor that breaks lines\nlate in the day.", "Next."));
}

TEST(Sentences, NeverCrossABlankLine) {
  EXPECT_THAT(sentences("A title without stop\n\nand a paragraph\r\n \r\nEnd"),
              ElementsAre("A title without stop", "and a paragraph", "End"));
}

TEST(Sentences, TakeHeadingsListsAndRulesApart) {
  EXPECT_THAT(sentences("# Install\nRun it.\n- first item\n- second\n1. One. Two.\n2. Three"),
              ElementsAre("# Install", "Run it.", "- first item", "- second", "1. One.", "Two.", "2. Three"));
  EXPECT_THAT(sentences("Title\n=====\nText here"), ElementsAre("Title", "=====", "Text here"));
}

TEST(Sentences, TakeALineBrokenEarlyAsAHeading) {
  EXPECT_THAT(sentences("Introduction\nThe story begins here."), ElementsAre("Introduction", "The story begins here."));
}

TEST(Sentences, CoverEverythingButWhiteSpaceWhateverTheInput) {
  const std::vector<std::string> pieces = {".", "...", "a",      "B", "\n", "\n\n", " ",       "1",
                                           "[", "]",   "\"",     "…", "。", "é",    "東",      "Mr",
                                           "-", "#",   "\u2019", "(", ")",  "\xFF", "\xE6\x9D"};
  std::uint32_t state = 7;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) {
      state = state * 1664525U + 1013904223U;
      text += pieces[(state >> 16U) % pieces.size()];
    }
    for (const auto& spans : {split_sentences(text), split_paragraphs(text)}) {
      std::string covered(text.size(), ' ');
      std::size_t last = 0;
      for (const Span& span : spans) {
        ASSERT_LE(last, span.begin) << text;
        ASSERT_LT(span.begin, span.end) << text;
        ASSERT_LE(span.end, text.size()) << text;
        covered.replace(span.begin, span.end - span.begin, text, span.begin, span.end - span.begin);
        last = span.end;
      }
      for (std::size_t i = 0; i < text.size(); ++i) {
        ASSERT_TRUE(text[i] == ' ' || text[i] == '\n' || covered[i] == text[i]) << text;
      }
    }
  }
}

TEST(Paragraphs, AreSeparatedByBlankLines) {
  EXPECT_THAT(paragraphs("one\ntwo\n\n\n three \n \t\nfour\r\n\r\nfive"),
              ElementsAre("one\ntwo", "three", "four", "five"));
}

TEST(Paragraphs, AreNoneInWhiteSpace) {
  EXPECT_THAT(paragraphs(" \n \n"), IsEmpty());
}

}  // namespace
}  // namespace ragd::base
