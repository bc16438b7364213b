#include "embed/embeddings_json.hpp"

#include "base/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace ragd::embed {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

std::string base64_of(const std::vector<float>& numbers) {
  return base::base64_encode({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)});
}

std::string refusal_of(const std::string& json, std::size_t count = 1) {
  const auto parsed = parse_response(json, count);
  if (!parsed.has_error()) return "it was accepted";
  EXPECT_EQ(parsed.error().code, Errc::unavailable);
  EXPECT_TRUE(parsed.error().hint.empty()) << "what an upstream sends is nothing for the client";
  return parsed.error().detail;
}

TEST(EmbeddingsRequest, IsWhatTheApiDocuments) {
  const std::vector<std::string> texts{"one", "tw\"o\n"};
  EXPECT_EQ(write_request({.model = "m", .texts = texts, .prefix = "", .dimensions = 0}),
            R"({"model":"m","input":["one","tw\"o\n"],"encoding_format":"base64"})");
  EXPECT_EQ(write_request({.model = "m", .texts = texts, .prefix = "query: ", .dimensions = 256}),
            R"({"model":"m","input":["query: one","query: tw\"o\n"],"encoding_format":"base64","dimensions":256})");
}

TEST(EmbeddingsResponse, IsReadFromBase64) {
  const auto parsed = parse_response(R"({"data":[{"index":0,"embedding":")" + base64_of({3, -4}) +
                                         R"("}],"usage":{"prompt_tokens":7,"total_tokens":7}})",
                                     1);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
  EXPECT_THAT(parsed->vectors, ElementsAre(ElementsAre(FloatEq(0.6F), FloatEq(-0.8F))));
  EXPECT_EQ(parsed->usage.prompt_tokens, 7U);
}

TEST(EmbeddingsResponse, IsReadFromNumbers) {
  const auto parsed = parse_response(R"({"data":[{"embedding":[0, 2.5e0]},{"embedding":[-1,0.0]}]})", 2);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
  EXPECT_THAT(parsed->vectors, ElementsAre(ElementsAre(0.0F, 1.0F), ElementsAre(-1.0F, 0.0F)));
  EXPECT_EQ(parsed->usage.prompt_tokens, 0U) << "not every server counts";
}

TEST(EmbeddingsResponse, IsOrderedByItsIndices) {
  const auto parsed = parse_response(R"({"data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[1,0]}]})", 2);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
  EXPECT_THAT(parsed->vectors, ElementsAre(ElementsAre(1.0F, 0.0F), ElementsAre(0.0F, 1.0F)));
}

TEST(EmbeddingsResponse, IsRefusedWhenItIsNotWhatWasAskedFor) {
  EXPECT_THAT(refusal_of("<html>"), HasSubstr("is not JSON"));
  EXPECT_THAT(refusal_of(R"({"data":[{"index":0,"embedding":[1)"), HasSubstr("is not JSON"));
  EXPECT_THAT(refusal_of("{}"), HasSubstr("has no data"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("has no data"));
  EXPECT_THAT(refusal_of(R"({"data":{}})"), HasSubstr("has no data"));
  EXPECT_THAT(refusal_of(R"({"data":[]})"), HasSubstr("another number of vectors"));
  EXPECT_THAT(refusal_of(R"({"data":[{"embedding":[1]},{"embedding":[1]}]})"), HasSubstr("another number of vectors"));
  EXPECT_THAT(refusal_of(R"({"data":["x"]})"), HasSubstr("without an embedding"));
  EXPECT_THAT(refusal_of(R"({"data":[{"index":0}]})"), HasSubstr("without an embedding"));
}

TEST(EmbeddingsResponse, IsRefusedWhenItsIndicesAreNoOrder) {
  EXPECT_THAT(refusal_of(R"({"data":[{"index":1,"embedding":[1]}]})"), HasSubstr("out of range"));
  EXPECT_THAT(refusal_of(R"({"data":[{"index":-1,"embedding":[1]}]})"), HasSubstr("no number"));
  EXPECT_THAT(refusal_of(R"({"data":[{"index":"0","embedding":[1]}]})"), HasSubstr("no number"));
  EXPECT_THAT(refusal_of(R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", 2),
              HasSubstr("twice"));
}

TEST(EmbeddingsResponse, IsRefusedWhenAVectorIsNone) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto with = [](const std::string& embedding) {
    return refusal_of(R"({"data":[{"index":0,"embedding":)" + embedding + "}]}");
  };
  EXPECT_THAT(with("[]"), HasSubstr("neither base64 nor"));
  EXPECT_THAT(with("null"), HasSubstr("neither base64 nor"));
  EXPECT_THAT(with("[1,\"2\"]"), HasSubstr("neither base64 nor"));
  EXPECT_THAT(with("\"\""), HasSubstr("neither base64 nor"));
  EXPECT_THAT(with("\"Zm9v\""), HasSubstr("neither base64 nor")) << "three bytes are no floats";
  EXPECT_THAT(with("\"?\""), HasSubstr("neither base64 nor"));
  EXPECT_THAT(with("[0,0]"), HasSubstr("without a finite length"));
  EXPECT_THAT(with("[1e39]"), HasSubstr("without a finite length")) << "more than a float holds";
  EXPECT_THAT(with("\"" + base64_of({1, kInfinity}) + "\""), HasSubstr("without a finite length"));
  EXPECT_THAT(with("\"" + base64_of({1, std::nanf("")}) + "\""), HasSubstr("without a finite length"));
}

TEST(EmbeddingsResponse, IsRefusedWhenItsVectorsDiffer) {
  EXPECT_THAT(refusal_of(R"({"data":[{"embedding":[1,2]},{"embedding":[1,2,3]}]})", 2),
              HasSubstr("different dimensions"));
}

TEST(EmbeddingsResponse, KeepsVeryLongAndVeryShortVectorsFinite) {
  const auto parsed = parse_response(R"({"data":[{"embedding":[3e38,-3e38]},{"embedding":[1e-38,0]}]})", 2);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
  EXPECT_FLOAT_EQ(parsed->vectors[0][0], std::sqrt(0.5F));
  EXPECT_FLOAT_EQ(parsed->vectors[1][0], 1.0F);
}

}  // namespace
}  // namespace ragd::embed
