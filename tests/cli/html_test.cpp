#include "base/unicode.hpp"
#include "cli/readers/html_entities.hpp"
#include "cli/readers/reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace ragd::cli {
namespace {

std::string text_of(std::string_view html) {
  return read_html(html).text;
}

TEST(ReadHtml, TurnsBlocksIntoParagraphsAndHeadingsIntoMarkdown) {
  const Reading reading = read_html(R"(<!DOCTYPE html>
<html><head><title>The &amp; Title</title><meta charset="utf-8"><style>p { color: red }</style></head>
<body><h1>First</h1><p>One
  two   <b>three</b>.</p><p>Four<br>five</p><h2>Second<a class="headerlink" href="#s">¶</a></h2><div>Six</div></body></html>)");
  EXPECT_EQ(reading.title, "The & Title");
  EXPECT_EQ(reading.text, "# First\n\nOne two three.\n\nFour\nfive\n\n## Second\n\nSix");
}

TEST(ReadHtml, TakesTheFirstHeadingForATitleWhereThereIsNone) {
  EXPECT_EQ(read_html("<h2>A <i>b</i>\n c</h2><h1>Later</h1>").title, "A b c");
  EXPECT_EQ(read_html("<p>no headings").title, "");
}

TEST(ReadHtml, WritesListsAndTablesAsLines) {
  EXPECT_EQ(text_of("<ul><li>a<li><p>b</p></li></ul>after"), "- a\n- b\n\nafter");
  EXPECT_EQ(text_of("<table><tr><th>k<th>v</tr><tr><td><p>1</p></td><td>2 3</td></tr></table>"), "| k | v\n| 1 | 2 3");
}

TEST(ReadHtml, SeesThroughTablesThatAreOnlyLayout) {
  EXPECT_EQ(
      text_of(
          "<table><tr><td></td><td> <img> </td><td><h1>Title</h1><p>Text</p></td></tr><tr><td></td></tr></table>end"),
      "# Title\n\nText\n\nend");
  EXPECT_EQ(text_of("<ul><li></li></ul><p>a</p><ul><li><pre>b</pre></li></ul>"), "a\n\n```\nb\n```");
}

TEST(ReadHtml, FencesPreformattedTextSoThatNoCommentBecomesAHeading) {
  EXPECT_EQ(text_of("<p>Run<pre>\n# comment\n  make &lt;x&gt;\n</pre>then"),
            "Run\n\n```\n# comment\n  make <x>\n```\n\nthen");
  EXPECT_EQ(text_of("<pre>a ``` b</pre>"), "````\na ``` b\n````");
  EXPECT_EQ(text_of("<pre>never closed\n x"), "```\nnever closed\n x\n```");
}

TEST(ReadHtml, DropsWhatIsNoProse) {
  EXPECT_EQ(text_of("a<script>if (x < 1) { y = '</p>'; }</script>b<STYLE>c</STYLE >d<svg><title>t</title></svg>e"),
            "abde");
  EXPECT_EQ(text_of("<nav><a>Home</a></nav>x<!-- <p>hidden</p> -->y<?php echo 1 ?>z"), "xyz");
  EXPECT_EQ(text_of("a<scripty>b</scripty>"), "ab") << "a longer name is another element";
}

TEST(ReadHtml, IsNotFooledByAttributes) {
  EXPECT_EQ(text_of("<a title=\"x > y\" href='</a>'>link</a> <img alt=\"<p>\">end"), "link end");
  EXPECT_EQ(text_of("<p class=\"never closed>text</p>\n<p>more</p>"), "text\n\nmore");
}

TEST(ReadHtml, KeepsTextThatOnlyLooksLikeMarkup) {
  EXPECT_EQ(text_of("1 < 2 and 3 <4, a<"), "1 < 2 and 3 <4, a<");
  EXPECT_EQ(text_of("AT&T &bogus; &amp;lt; &#x41;&#66;&#0;&#xD800;&#128;"), "AT&T &bogus; &lt; AB\uFFFD\uFFFD\u20AC");
}

TEST(ReadHtml, RemovesTypesettingInsideWords) {
  EXPECT_EQ(text_of("hy&shy;phen zero\u200Bwidth no&nbsp;break"), "hyphen zerowidth no break");
}

TEST(ReadHtml, SurvivesEndsInTheMiddleOfAnything) {
  const std::string html =
      "<html><head><title>t</title><body><h1 id=\"a\">b</h1><!-- c "
      "--><pre>d</pre><table><tr><td>e&eacute;&#233;</table>"
      "<script>f</script><![CDATA[ g ]]>";
  for (std::size_t length = 0; length <= html.size(); ++length) {
    const Reading reading = read_html(html.substr(0, length));
    EXPECT_TRUE(base::is_valid_utf8(reading.text)) << length;
  }
}

TEST(ReadHtml, SurvivesGarbage) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"<",    ">",         "</",   "<!--",  "-->",     "\"",   "'",      "=",
                                     "&",    "&#",        ";",    "x",     "\n",      "<p",   "<pre>",  "</h1",
                                     "<h1>", "<script",   "<td>", "</td>", "é",       "<svg", "</svg>", "<title>",
                                     "/>",   "<![CDATA[", "]]>",  "<li>",  "<table>", "-"};
  for (int round = 0; round < 3'000; ++round) {
    std::string html;
    for (int i = 0; i < 40; ++i) html += pieces[random() % std::size(pieces)];
    const Reading reading = read_html(html);
    ASSERT_TRUE(base::is_valid_utf8(reading.text)) << html;
    ASSERT_TRUE(base::is_valid_utf8(reading.title)) << html;
  }
}

/// Each of these took quadratic time in some reader or other; a megabyte of it would then outlast the test's limit.
TEST(ReadHtml, TakesLinearTimeOnWhatIsNeverClosed) {
  for (const std::string_view piece : {"<svg>", "<a b=\"", "<a b='\"", "<!--", "<pre>", "<h1>", "<td>", "<li>", "&",
                                       "&#1", "<script", "</", "<title>", "<![CDATA[", "<p <p", "<script></scrip"}) {
    std::string html;
    while (html.size() < (1U << 20U)) html += piece;
    EXPECT_LE(read_html(html).text.size(), 2 * html.size()) << piece;
  }
}

TEST(DecodeEntities, KnowsNamesAndNumbersAndLeavesTheRest) {
  EXPECT_EQ(decode_entities("&eacute;&hellip;&apos;&thetasym;&AElig;"), "é…'ϑÆ");
  EXPECT_EQ(decode_entities("&#8212;&#x2014;&#X2014;&#128512;&#233"), "———😀é");
  EXPECT_EQ(decode_entities("&;&#;&#x;&#xZ;&amp&unknown;&"), "&;&#;&#x;&#xZ;&amp&unknown;&");
  EXPECT_EQ(decode_entities("&#99999999999999999999;&#1114112;"), "\uFFFD\uFFFD");
}

}  // namespace
}  // namespace ragd::cli
