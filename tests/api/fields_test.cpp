#include "api/fields.hpp"

#include <gtest/gtest.h>

namespace ragd::api {
namespace {

net::HttpRequest with_headers(std::vector<net::HeaderField> headers) {
  net::HttpRequest request;
  request.headers = std::move(headers);
  return request;
}

Result<Filter> filter_of(std::string_view json) {
  const auto document = parse_object(json);
  if (!document) return document.error();
  return filter_field(simdjson::dom::object(document->root()), "filters");
}

TEST(Fields, AcceptsJsonContentAndNothingElse) {
  for (const char* type : {"application/json", "Application/JSON; charset=UTF-8", "application/ld+json",
                           "application/json;charset=\"utf-8\""}) {
    EXPECT_TRUE(check_json_content(with_headers({{"Content-Type", type}})).has_value()) << type;
  }
  EXPECT_FALSE(check_json_content(with_headers({})).has_value()) << "pages of other sites can send that";
  for (const char* type : {"text/json", "text/plain", "application/jsonx", "application/json; charset=latin1", ""}) {
    const auto refused = check_json_content(with_headers({{"Content-Type", type}}));
    ASSERT_FALSE(refused.has_value()) << type;
    EXPECT_EQ(refused.error().code, Errc::unsupported_media_type);
  }
  EXPECT_FALSE(check_json_content(with_headers({{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}))
                   .has_value());
}

TEST(Fields, ReadsEqualityListsAndRanges) {
  const auto filter = filter_of(R"({"filters":{"a":"x","b":[1,true],"c":{"gte":1,"lte":2.5}}})");
  ASSERT_TRUE(filter.has_value());
  ASSERT_EQ(filter->size(), 3U);
  EXPECT_EQ(std::get<std::string>((*filter)[0].any_of.at(0)), "x");
  EXPECT_EQ(std::get<double>((*filter)[1].any_of.at(0)), 1.0);
  EXPECT_EQ(std::get<bool>((*filter)[1].any_of.at(1)), true);
  EXPECT_EQ(std::get<double>(*(*filter)[2].gte), 1.0);
  EXPECT_EQ(std::get<double>(*(*filter)[2].lte), 2.5);
  EXPECT_TRUE(filter_of(R"({"filters":null})")->empty());
}

TEST(Fields, RefusesFiltersItWouldHaveToGuess) {
  for (const char* json :
       {R"({"filters":[1]})", R"({"filters":{"a":null}})", R"({"filters":{"a":[]}})", R"({"filters":{"a":[[1]]}})",
        R"({"filters":{"a":{}}})", R"({"filters":{"a":{"gt":1}}})", R"({"filters":{"a":{"gte":true}}})"}) {
    const auto filter = filter_of(json);
    ASSERT_FALSE(filter.has_value()) << json;
    EXPECT_EQ(filter.error().code, Errc::unprocessable) << json;
  }
}

TEST(Fields, BoundsTheNumberOfConditionsAndValues) {
  std::string many = R"({"filters":{)";
  for (int i = 0; i < 33; ++i) many += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":1";
  EXPECT_FALSE(filter_of(many + "}}").has_value());
  std::string long_list = R"({"filters":{"a":[0)";
  for (int i = 0; i < 256; ++i) long_list += ",1";
  EXPECT_FALSE(filter_of(long_list + "]}}").has_value());
}

TEST(Fields, DecodesPercentEncodingStrictly) {
  EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%c3%A4"), "\xC3\xA4");
  for (const char* bad : {"%", "%4", "%zz", "a%", "%ff", "%c3"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Fields, ReadsQueryParameters) {
  EXPECT_EQ(**query_parameter("a=1&b=x%20y&c", "b"), "x y");
  EXPECT_EQ(**query_parameter("a=1&c", "c"), "");
  EXPECT_FALSE(query_parameter("a=1", "b")->has_value());
  EXPECT_FALSE(query_parameter("a=1&a=2", "a").has_value());
  EXPECT_FALSE(query_parameter("a=%ff", "a").has_value());
}

}  // namespace
}  // namespace ragd::api
