#include "base/lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ragd::base {
namespace {

using ::testing::ElementsAre;

TEST(Lines, AreTrimmedAndKnowWhereTheyBegin) {
  LineScanner lines("one\r\n  two\t\n\nlast");
  std::vector<std::string> contents;
  std::vector<std::size_t> begins;
  while (lines.next()) {
    contents.emplace_back(lines.line().content);
    begins.push_back(lines.line().begin);
  }
  EXPECT_THAT(contents, ElementsAre("one", "two", "", "last"));
  EXPECT_THAT(begins, ElementsAre(0U, 5U, 12U, 13U));
}

TEST(Lines, AreNoneInEmptyText) {
  EXPECT_FALSE(LineScanner("").next());
}

TEST(LineKind, TellsMarkdownFromProse) {
  EXPECT_EQ(kind_of_line(""), LineKind::blank);
  EXPECT_EQ(kind_of_line("Some text."), LineKind::prose);
  EXPECT_EQ(kind_of_line("## Title"), LineKind::heading);
  EXPECT_EQ(kind_of_line("#hashtag"), LineKind::prose);
  EXPECT_EQ(kind_of_line("####### seven"), LineKind::prose);
  for (const auto* item : {"- a", "* a", "+ a", "1. a", "12) a", "> a", "| a | b |", "• a"}) {
    EXPECT_EQ(kind_of_line(item), LineKind::list_item) << item;
  }
  for (const auto* text : {"-5 degrees", "*bold* text", "2015 was", "3.5 is", "1.", "-"}) {
    EXPECT_EQ(kind_of_line(text), LineKind::prose) << text;
  }
  for (const auto* rule : {"---", "=====", "***", "```cpp", "~~~"})
    EXPECT_EQ(kind_of_line(rule), LineKind::rule) << rule;
}

}  // namespace
}  // namespace ragd::base
