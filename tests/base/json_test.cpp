#include "base/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace ragd::base {
namespace {

bool accepts(std::string_view text) {
  return JsonDocument::parse(text).has_value();
}

std::string string_of(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  return document ? std::string(std::string_view(document->root())) : "refused";
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

TEST(JsonDocument, ReadsEveryKindOfValue) {
  const auto document = JsonDocument::parse(R"({"s":"x","i":-3,"d":2.5,"t":true,"n":null,"a":[1,[2]],"o":{"k":{}}})");
  ASSERT_TRUE(document);
  EXPECT_EQ(std::string_view(document->root()["s"]), "x");
  EXPECT_EQ(std::int64_t(document->root()["i"]), -3);
  EXPECT_EQ(double(document->root()["d"]), 2.5);
  EXPECT_TRUE(bool(document->root()["t"]));
  EXPECT_TRUE(document->root()["n"].is_null());
  EXPECT_EQ(std::int64_t(document->root()["a"].at(1).at(0)), 2);
}

TEST(JsonDocument, ReadsBareScalars) {
  EXPECT_TRUE(accepts("3"));
  EXPECT_TRUE(accepts(" \"x\" \n"));
  EXPECT_TRUE(accepts("null"));
}

TEST(JsonDocument, OutlivesTheTextItWasReadFrom) {
  auto text = std::make_unique<std::string>(R"({"key":"value that is long enough to live on the heap"})");
  const auto document = JsonDocument::parse(*text);
  text.reset();
  ASSERT_TRUE(document);
  EXPECT_EQ(std::string_view(document->root()["key"]), "value that is long enough to live on the heap");
}

TEST(JsonDocument, SaysBadRequestWithAHint) {
  const auto document = JsonDocument::parse("{");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, Errc::bad_request);
  EXPECT_FALSE(document.error().hint.empty());
}

TEST(JsonDocument, RefusesEmptyText) {
  EXPECT_FALSE(accepts(""));
  EXPECT_FALSE(accepts(" \n\t"));
}

TEST(JsonDocument, RefusesTrailingBytes) {
  EXPECT_FALSE(accepts("{} x"));
  EXPECT_FALSE(accepts("{}{}"));
  EXPECT_FALSE(accepts("[1],"));
  EXPECT_FALSE(accepts("1 2"));
  EXPECT_FALSE(accepts(std::string_view("{}\0", 3)));
}

TEST(JsonDocument, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_FALSE(accepts(R"({"a":1,"a":1})"));
  EXPECT_FALSE(accepts(R"({"a":1,"\u0061":2})"));
  EXPECT_FALSE(accepts(R"([{"x":{"b":1,"c":2,"b":3}}])"));
  EXPECT_FALSE(accepts(R"({"":1,"":2})"));
  EXPECT_TRUE(accepts(R"({"a":{"a":1},"A":2})"));
  EXPECT_TRUE(accepts(R"([{"a":1},{"a":1}])"));
}

TEST(JsonDocument, RefusesLoneSurrogates) {
  EXPECT_FALSE(accepts(R"("\ud800")"));
  EXPECT_FALSE(accepts(R"("\udbffx")"));
  EXPECT_FALSE(accepts(R"("\udc00")"));
  EXPECT_FALSE(accepts(R"("x\udfff y")"));
  EXPECT_FALSE(accepts(R"("\ud800\ud800")"));
  EXPECT_FALSE(accepts(R"("\ud800\n")"));
  EXPECT_FALSE(accepts(R"("\ud800\u0041")"));
  EXPECT_FALSE(accepts(R"("\udc00\ud800")"));
  EXPECT_FALSE(accepts(R"({"\udc00":1})"));
  EXPECT_FALSE(accepts(R"({"a":["\ud800"]})"));
  EXPECT_EQ(string_of(R"("\ud83d\ude00")"), "\U0001F600");
}

TEST(JsonDocument, KeepsBackslashesBeforeALetterUApartFromEscapes) {
  EXPECT_EQ(string_of(R"("\\ud800")"), "\\ud800");
  EXPECT_EQ(string_of(R"("\\\\udc00")"), "\\\\udc00");
}

TEST(JsonDocument, RefusesInvalidUtf8) {
  EXPECT_FALSE(accepts("\"\xFF\""));
  EXPECT_FALSE(accepts("\"\xC3\""));
  EXPECT_FALSE(accepts("\"\xC0\xAF\""));          // overlong
  EXPECT_FALSE(accepts("\"\xED\xA0\x80\""));      // a surrogate
  EXPECT_FALSE(accepts("\"\xF4\x90\x80\x80\""));  // beyond U+10FFFF
  EXPECT_FALSE(accepts("{\"\xFF\":1}"));
}

TEST(JsonDocument, RefusesNestingDeeperThan64) {
  EXPECT_TRUE(accepts(nested(64, '[', ']')));
  EXPECT_FALSE(accepts(nested(65, '[', ']')));
  EXPECT_FALSE(accepts(nested(100'000, '[', ']')));
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"k\":";
  EXPECT_FALSE(accepts(objects + "1" + std::string(65, '}')));
}

TEST(JsonDocument, RefusesWhatOnlyLooksLikeJson) {
  for (const std::string_view text : {"{a:1}",
                                      "{'a':1}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "// x\n1",
                                      "NaN",
                                      "Infinity",
                                      "01",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "0x10",
                                      "tru",
                                      "\"\\x41\"",
                                      "\"unfinished",
                                      "\"line\nend\"",
                                      "\"tab\tin\"",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "{1:2}",
                                      "]",
                                      ","}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

TEST(JsonDocument, RefusesNumbersItCannotHold) {
  EXPECT_FALSE(accepts("1e400"));
  EXPECT_FALSE(accepts("-1e999"));
  EXPECT_TRUE(accepts("18446744073709551615"));
  EXPECT_FALSE(accepts("18446744073709551616"));
}

TEST(JsonDocument, KeepsANulWrittenAsAnEscape) {
  EXPECT_EQ(string_of(R"("a\u0000b")"), std::string("a\0b", 3));
}

TEST(JsonDocument, ReadsTextOfAnyLength) {
  for (std::size_t size = 0; size < 300; ++size) {
    EXPECT_EQ(string_of('"' + std::string(size, 'x') + '"'), std::string(size, 'x'));
  }
  const std::string large(3'000'000, 'y');
  EXPECT_EQ(string_of('"' + large + '"'), large);
}

TEST(JsonDocument, GivesItsElementsBackAsCompactText) {
  const auto document = JsonDocument::parse(" { \"a\" : [ 1 , 2.5, \"q\\\"\\u00e9\" , null ] } ");
  ASSERT_TRUE(document);
  EXPECT_EQ(to_json(document->root()), "{\"a\":[1,2.5,\"q\\\"\u00e9\",null]}");
}

TEST(JsonWriter, PutsCommasBetweenValues) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").integer(1).key("b").begin_array().integer(-2).string("x").null().end_array();
  json.key("c").begin_object().end_object().key("d").boolean(false).key("e").raw("[1]").end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[-2,"x",null],"c":{},"d":false,"e":[1]})");
}

TEST(JsonWriter, IsNotMisledByBracketsAtTheEndOfStrings) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().string("{").string("[").string(":").string("").integer(1).end_array();
  EXPECT_EQ(out, R"(["{","[",":","",1])");
}

TEST(JsonWriter, WritesNumbersThatReadBackTheSame) {
  for (const double value : {0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 1e21}) {
    std::string out;
    JsonWriter(out).number(value);
    const auto document = JsonDocument::parse(out);
    ASSERT_TRUE(document) << out;
    EXPECT_EQ(double(document->root()), value) << out;
  }
}

TEST(JsonWriter, WritesNullForWhatJsonCannotSay) {
  std::string out;
  JsonWriter(out).begin_array().number(std::nan("")).number(std::numeric_limits<double>::infinity()).end_array();
  EXPECT_EQ(out, "[null,null]");
}

TEST(JsonString, EscapesWhatJsonForbidsAndNothingElse) {
  std::string out;
  append_json_string(out, std::string_view("\"\\/\b\f\n\r\t\x01\x7F\0é\U0001F600", 17));
  EXPECT_EQ(out, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u007f\\u0000é\U0001F600\"");
}

TEST(JsonString, ReadsBackAsItWasForEveryAsciiByte) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  std::string out;
  append_json_string(out, all);
  EXPECT_EQ(string_of(out), all);
}

}  // namespace
}  // namespace ragd::base
