#include "retrieval/metadata_filter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::retrieval {
namespace {

Metadata metadata() {
  return *parse_metadata(
      R"({"lang":"en","year":2020,"draft":false,"tags":["a","b",7],"date":"2024-05-01","no":null,"o":{}})");
}

Condition any_of(std::string field, std::vector<MetadataValue> values) {
  return {std::move(field), std::move(values), std::nullopt, std::nullopt};
}

Condition between(std::string field, std::optional<MetadataValue> gte, std::optional<MetadataValue> lte) {
  return {std::move(field), {}, std::move(gte), std::move(lte)};
}

MetadataValue text(const char* value) {
  return std::string(value);
}

bool passes(const Condition& condition) {
  return matches({condition}, metadata());
}

TEST(MetadataFilter, MatchesEverythingWithoutConditions) {
  EXPECT_TRUE(matches({}, {}));
}

TEST(MetadataFilter, ComparesStringsNumbersAndBooleans) {
  EXPECT_TRUE(passes(any_of("lang", {text("en")})));
  EXPECT_FALSE(passes(any_of("lang", {text("de")})));
  EXPECT_TRUE(passes(any_of("year", {2020.0})));
  EXPECT_TRUE(passes(any_of("draft", {false})));
  EXPECT_FALSE(passes(any_of("year", {text("2020")})));
  EXPECT_FALSE(passes(any_of("draft", {0.0})));
}

TEST(MetadataFilter, TakesAnyOfTheWantedValues) {
  EXPECT_TRUE(passes(any_of("lang", {text("de"), text("en")})));
}

TEST(MetadataFilter, LooksIntoArrays) {
  EXPECT_TRUE(passes(any_of("tags", {text("b")})));
  EXPECT_TRUE(passes(any_of("tags", {7.0})));
  EXPECT_FALSE(passes(any_of("tags", {text("c")})));
}

TEST(MetadataFilter, NeverMatchesAMissingOrUnaskableField) {
  EXPECT_FALSE(passes(any_of("nothing", {text("x")})));
  EXPECT_FALSE(passes(between("nothing", 0.0, std::nullopt)));
  EXPECT_FALSE(passes(any_of("no", {text("x")})));
  EXPECT_FALSE(passes(any_of("o", {text("x")})));
}

TEST(MetadataFilter, MatchesNoneOfNoValues) {
  EXPECT_FALSE(passes(any_of("lang", {})));
}

TEST(MetadataFilter, IncludesBothEndsOfARange) {
  EXPECT_TRUE(passes(between("year", 2020.0, 2020.0)));
  EXPECT_TRUE(passes(between("year", 2019.5, std::nullopt)));
  EXPECT_FALSE(passes(between("year", 2021.0, std::nullopt)));
  EXPECT_FALSE(passes(between("year", std::nullopt, 2019.0)));
  EXPECT_TRUE(passes(between("date", text("2024-01-01"), text("2024-12-31"))));
  EXPECT_FALSE(passes(between("date", text("2025"), std::nullopt)));
  EXPECT_FALSE(passes(between("date", 2024.0, std::nullopt)));
}

TEST(MetadataFilter, NeedsEveryConditionToHold) {
  EXPECT_TRUE(matches({any_of("lang", {text("en")}), any_of("year", {2020.0})}, metadata()));
  EXPECT_FALSE(matches({any_of("lang", {text("en")}), any_of("year", {2021.0})}, metadata()));
}

TEST(MetadataFilter, RefusesWhatIsNotAnObject) {
  EXPECT_FALSE(parse_metadata("[]"));
  EXPECT_FALSE(parse_metadata("{"));
  EXPECT_TRUE(parse_metadata("{}")->empty());
}

}  // namespace
}  // namespace ragd::retrieval
