#include "base/unicode.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::base {
namespace {

TEST(Utf8, AcceptsWellFormedText) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("aé東\U0010FFFF"));
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesWhatTheStandardForbids) {
  EXPECT_FALSE(is_valid_utf8("\x80"));
  EXPECT_FALSE(is_valid_utf8("\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xF5\x80\x80\x80"));
}

TEST(Utf8Prefix, NeverCutsACodePoint) {
  const std::string text = "aé東\U0001F600";  // 1 + 2 + 3 + 4 bytes
  EXPECT_EQ(utf8_prefix(text, 0), "");
  EXPECT_EQ(utf8_prefix(text, 1), "a");
  EXPECT_EQ(utf8_prefix(text, 2), "a");
  EXPECT_EQ(utf8_prefix(text, 3), "aé");
  EXPECT_EQ(utf8_prefix(text, 5), "aé");
  EXPECT_EQ(utf8_prefix(text, 6), "aé東");
  EXPECT_EQ(utf8_prefix(text, 9), "aé東");
  EXPECT_EQ(utf8_prefix(text, 10), text);
  EXPECT_EQ(utf8_prefix(text, 1'000), text);
}

TEST(Nfc, ComposesWithoutFoldingCaseOrCompatibility) {
  EXPECT_EQ(nfc("Cafe\u0301"), "Caf\u00E9");
  EXPECT_EQ(nfc("\uFB01 \u00B2 A"), "\uFB01 \u00B2 A");
  EXPECT_EQ(nfc("\u212B"), "\u00C5");  // Angstrom sign
  EXPECT_EQ(nfc(""), "");
}

TEST(Nfc, KeepsNulAndWhatFollows) {
  EXPECT_EQ(nfc(std::string("e\u0301\0x", 5)), std::string("\u00E9\0x", 4));
}

TEST(NfkcCasefold, MakesComparableFormsEqual) {
  EXPECT_EQ(nfkc_casefold("ABC"), "abc");
  EXPECT_EQ(nfkc_casefold("Stra\u00DFe"), "strasse");
  EXPECT_EQ(nfkc_casefold("\uFF21\u00B2\uFB01"), "a2fi");
  EXPECT_EQ(nfkc_casefold("ΌΣΟΣ"), nfkc_casefold("όσος"));  // final sigma
  EXPECT_EQ(nfkc_casefold("so\u00ADft"), "soft");
}

TEST(CollapseWhitespace, JoinsRunsAndTrims) {
  EXPECT_EQ(collapse_whitespace("  a \t\r\n b\u00A0\u2003c\u3000 "), "a b c");
  EXPECT_EQ(collapse_whitespace(""), "");
  EXPECT_EQ(collapse_whitespace(" \n "), "");
  EXPECT_EQ(collapse_whitespace("東 京"), "東 京");
}

TEST(CollapseWhitespace, LeavesTheZeroWidthSpaceAlone) {
  EXPECT_EQ(collapse_whitespace("a\u200Bb"), "a\u200Bb");
}

TEST(Printable, AcceptsTextOfAllScripts) {
  EXPECT_TRUE(is_printable(""));
  EXPECT_TRUE(is_printable("docs/Größe 東京.md #1 \U0001F600"));
}

TEST(Printable, RefusesControlsSeparatorsUnassignedAndInvalid) {
  for (const std::string_view bad :
       {"a\n", "\t", "\x7F", "\u0085", "\u2028", "\u2029", "\uFFFF", "\U000E0080", "\xFF", "a\u202Eb", "\u2066"}) {
    EXPECT_FALSE(is_printable(bad)) << bad;
  }
  EXPECT_FALSE(is_printable(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace ragd::base
