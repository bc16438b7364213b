#include "retrieval/chunker.hpp"

#include "base/sentences.hpp"
#include "base/unicode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace ragd::retrieval {
namespace {

std::string text_of(const std::string& text, const store::ChunkSpan& chunk) {
  return text.substr(chunk.start, chunk.end - chunk.start);
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

bool is_blank(std::string_view text) {
  return base::collapse_whitespace(text).empty();
}

/// What every cut must keep: order, no overlap, no byte but white space left out, valid UTF-8, the size limit.
void expect_sound(const std::string& text) {
  std::size_t at = 0;
  for (const store::ChunkSpan& chunk : chunk_text(text)) {
    ASSERT_LE(at, chunk.start);
    ASSERT_LT(chunk.start, chunk.end);
    ASSERT_LE(chunk.end, text.size());
    ASSERT_LE(chunk.end - chunk.start, kMaxChunkBytes);
    ASSERT_TRUE(is_blank(text.substr(at, chunk.start - at)));
    ASSERT_TRUE(base::is_valid_utf8(text_of(text, chunk)));
    at = chunk.end;
  }
  ASSERT_TRUE(is_blank(text.substr(at)));
}

TEST(Chunker, KeepsAShortTextWhole) {
  const std::string text = "One paragraph.\n\nAnother paragraph.\n";
  const auto chunks = chunk_text(text);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(text_of(text, chunks[0]), "One paragraph.\n\nAnother paragraph.");
  EXPECT_EQ(chunks[0].heading, "");
}

TEST(Chunker, MakesNothingOfBlankText) {
  EXPECT_TRUE(chunk_text("").empty());
  EXPECT_TRUE(chunk_text(" \n\t\n ").empty());
}

TEST(Chunker, CutsBetweenParagraphsWhereItCan) {
  const std::string paragraph = repeated("A sentence of some forty bytes stands here. ", 13);
  const std::string text = repeated(paragraph + "\n\n", 5);
  for (const auto& chunk : chunk_text(text)) {
    EXPECT_TRUE(text_of(text, chunk).starts_with("A sentence"));
    EXPECT_EQ(text.compare(chunk.end, 2, " \n"), 0);
  }
}

TEST(Chunker, NeverCutsInsideASentence) {
  const std::string text = repeated("Here is one more sentence that goes on for a while. ", 200);
  const auto chunks = chunk_text(text);
  EXPECT_GT(chunks.size(), 5U);
  for (const auto& chunk : chunks) {
    EXPECT_TRUE(text_of(text, chunk).starts_with("Here"));
    EXPECT_TRUE(text_of(text, chunk).ends_with("while."));
    EXPECT_GE(chunk.end - chunk.start, kTargetChunkBytes / 2);
  }
  expect_sound(text);
}

TEST(Chunker, CutsASentenceThatIsTooLongAtWhiteSpace) {
  const std::string text = repeated("word ", 2000);
  for (const auto& chunk : chunk_text(text)) {
    EXPECT_TRUE(text_of(text, chunk).starts_with("word"));
    EXPECT_TRUE(text_of(text, chunk).ends_with("word"));
  }
  expect_sound(text);
}

TEST(Chunker, CutsAWordThatIsTooLongBetweenCodePoints) {
  expect_sound(repeated("ü", 5000));
  expect_sound("x" + repeated("😀", 3000));
}

TEST(Chunker, NamesTheHeadingsAboveAChunk) {
  const std::string body = repeated("Text of this section stands here. ", 10) + "\n\n";
  const std::string text = "# Guide\n\n" + body + "## Install ##\n\n" + body + "### On Debian\n" + body + "## Use\n" +
                           body + "Other\n=====\n\n" + body + "Part\n----\n" + body;
  std::vector<std::string> headings;
  for (const auto& chunk : chunk_text(text)) headings.push_back(chunk.heading);
  EXPECT_EQ(headings, (std::vector<std::string>{"Guide", "Guide > Install", "Guide > Install > On Debian",
                                                "Guide > Use", "Other", "Other > Part"}));
}

TEST(Chunker, KeepsAHeadingWithWhatFollowsIt) {
  const std::string body = repeated("Text of this section stands here. ", 10);
  const std::string text = body + "\n\n# Next\n\n## Below\n\n" + body;
  const auto chunks = chunk_text(text);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_TRUE(text_of(text, chunks[1]).starts_with("# Next"));
  EXPECT_EQ(chunks[1].heading, "Next > Below");
}

TEST(Chunker, PutsTinySectionsTogetherUnderWhatTheyShare) {
  const auto chunks = chunk_text("# Flags\n\n## -a\nAll.\n\n## -b\nBrief.\n\n## -c\nColour.\n");
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].heading, "Flags");
}

TEST(Chunker, TakesNoHashInCodeForAHeading) {
  const std::string text = "# Shell\n\n```sh\n# a comment\n\nls\n```\n\n    # indented code\n\nAfter.";
  const auto chunks = chunk_text(text);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].heading, "Shell");
}

TEST(Chunker, KeepsFencedCodeWhole) {
  const std::string code = "```\n" + repeated("line of code\n\n", 60) + "```";
  const std::string text = repeated("Prose goes before the code. ", 30) + "\n\n" + code + "\n\n" +
                           repeated("Prose goes behind the code. ", 50);
  const auto chunks = chunk_text(text);
  EXPECT_TRUE(std::any_of(chunks.begin(), chunks.end(),
                          [&](const auto& chunk) { return text_of(text, chunk).find(code) != std::string::npos; }));
  expect_sound(text);
}

TEST(Chunker, RunsAnUnclosedFenceToTheEnd) {
  const std::string text = "~~~\n# not a heading\n" + repeated("code\n", 1000);
  for (const auto& chunk : chunk_text(text)) EXPECT_EQ(chunk.heading, "");
  expect_sound(text);
}

TEST(Chunker, IsSoundForAnyText) {
  const std::vector<std::string> pieces = {"# ",       "\n", "\n\n",  "```\n", "---\n", "===\n",       "Sentence one. ",
                                           "ü",        "😀",  "word ", "\t",    "~~~",   "#### deep\n", "x",
                                           "- item\n", "  "};
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t i = random() % 600; i > 0; --i) {
      text += repeated(pieces[random() % pieces.size()], random() % 40 == 0 ? 700 : 1);
    }
    expect_sound(text);
  }
}

TEST(Chunker, CopesWithHostileShapes) {
  expect_sound(std::string(8U << 20U, 'x'));
  expect_sound(std::string(1'000'000, '\n'));
  expect_sound(repeated("# a\n", 200'000));
  expect_sound(repeated("a\n\n", 200'000));
  expect_sound(repeated("```\n", 200'000));
  expect_sound(repeated(". ", 500'000));
  expect_sound("# " + std::string(1'000'000, 'h') + "\n\n" + repeated("A body. ", 1000));
}

TEST(Chunker, DoesNotMultiplyATextByItsHeadings) {
  std::string text;
  for (int level = 1; level <= 6; ++level)
    text += std::string(static_cast<std::size_t>(level), '#') + " " + std::string(500, 'h') + "\n";
  text += repeated("b\n###### " + std::string(120, 'x') + "\n", 1000);
  std::size_t bytes = 0;
  for (const auto& chunk : chunk_text(text)) bytes += chunk.heading.size();
  EXPECT_LT(bytes, 8 * text.size());
}

}  // namespace
}  // namespace ragd::retrieval
