#include "retrieval/metadata_values.hpp"

#include "retrieval/random.hpp"
#include "retrieval/segment_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ragd::retrieval {
namespace {

constexpr std::string_view kMetadata =
    R"({"lang":"en","year":2020,"draft":false,"tags":["a","b",7],"date":"2024-05-01","no":null,"o":{}})";

Condition any_of(std::string field, std::vector<MetadataValue> values) {
  return {std::move(field), std::move(values), std::nullopt, std::nullopt};
}

Condition between(std::string field, std::optional<MetadataValue> gte, std::optional<MetadataValue> lte) {
  return {std::move(field), {}, std::move(gte), std::move(lte)};
}

MetadataValue text(const char* value) {
  return std::string(value);
}

bool passes(const Filter& filter) {
  const auto segment = segment_of({document_of_lines("a", "zebra", "", std::string(kMetadata))});
  return chunks_matching(*segment, filter).test(0);
}

bool passes(const Condition& condition) {
  return passes(Filter{condition});
}

TEST(ChunksMatching, CompareStringsNumbersAndBooleans) {
  EXPECT_TRUE(passes(any_of("lang", {text("en")})));
  EXPECT_FALSE(passes(any_of("lang", {text("de")})));
  EXPECT_TRUE(passes(any_of("year", {2020.0})));
  EXPECT_TRUE(passes(any_of("draft", {false})));
  EXPECT_FALSE(passes(any_of("year", {text("2020")})));
  EXPECT_FALSE(passes(any_of("draft", {0.0})));
}

TEST(ChunksMatching, TakeAnyOfTheWantedValues) {
  EXPECT_TRUE(passes(any_of("lang", {text("de"), text("en")})));
}

TEST(ChunksMatching, LookIntoArrays) {
  EXPECT_TRUE(passes(any_of("tags", {text("b")})));
  EXPECT_TRUE(passes(any_of("tags", {7.0})));
  EXPECT_FALSE(passes(any_of("tags", {text("c")})));
}

TEST(ChunksMatching, NeverHaveAMissingOrUnaskableField) {
  EXPECT_FALSE(passes(any_of("nothing", {text("x")})));
  EXPECT_FALSE(passes(between("nothing", 0.0, std::nullopt)));
  EXPECT_FALSE(passes(any_of("no", {text("x")})));
  EXPECT_FALSE(passes(any_of("o", {text("x")})));
}

TEST(ChunksMatching, AreNoneForNoValues) {
  EXPECT_FALSE(passes(any_of("lang", {})));
}

TEST(ChunksMatching, IncludeBothEndsOfARange) {
  EXPECT_TRUE(passes(between("year", 2020.0, 2020.0)));
  EXPECT_TRUE(passes(between("year", 2019.5, std::nullopt)));
  EXPECT_FALSE(passes(between("year", 2021.0, std::nullopt)));
  EXPECT_FALSE(passes(between("year", std::nullopt, 2019.0)));
  EXPECT_TRUE(passes(between("date", text("2024-01-01"), text("2024-12-31"))));
  EXPECT_FALSE(passes(between("date", text("2025"), std::nullopt)));
  EXPECT_FALSE(passes(between("date", 2024.0, std::nullopt)));
}

TEST(ChunksMatching, AreNoneForARangeTurnedAround) {
  EXPECT_FALSE(passes(between("year", 2021.0, 2019.0)));
  EXPECT_FALSE(passes(between("year", 2019.0, text("z"))));
}

TEST(ChunksMatching, NeedEveryConditionToHold) {
  EXPECT_TRUE(passes({any_of("lang", {text("en")}), any_of("year", {2020.0})}));
  EXPECT_FALSE(passes({any_of("lang", {text("en")}), any_of("year", {2021.0})}));
}

TEST(ChunksMatching, AreAllChunksOfADocument) {
  const auto segment = segment_of({document_of_lines("a", "x\ny", "", R"({"k":1})"), document_of_lines("b", "x\ny"),
                                   document_of_lines("c", "", "", R"({"k":1})"),
                                   document_of_lines("d", "x\ny\nz", "", R"({"k":[2,1]})")});
  const Bitmap chunks = chunks_matching(*segment, {any_of("k", {1.0})});
  ASSERT_EQ(chunks.size(), 7U);
  for (std::size_t chunk = 0; chunk < 7; ++chunk) EXPECT_EQ(chunks.test(chunk), chunk < 2 || chunk > 3) << chunk;
}

TEST(ParseMetadata, RefusesWhatIsNotAnObject) {
  EXPECT_FALSE(parse_metadata("[]"));
  EXPECT_FALSE(parse_metadata("{"));
  EXPECT_TRUE(parse_metadata("{}")->empty());
}

TEST(MetadataTerm, SortsNumbersAsNumbers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kTiny = std::numeric_limits<double>::denorm_min();
  const std::vector<double> ascending = {-kInfinity, -1e300, -2.5, -2, -1, -1e-300, -kTiny, 0,
                                         kTiny,      1e-300, 1,    2,  10, 255,     256,    kInfinity};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(metadata_term("n", ascending[i - 1]), metadata_term("n", ascending[i])) << ascending[i];
  }
  EXPECT_EQ(metadata_term("n", -0.0), metadata_term("n", 0.0));
}

TEST(MetadataTerm, TellsFieldsAndTypesApart) {
  using namespace std::string_literals;
  EXPECT_NE(metadata_term("a\0sx"s, "foo"s), metadata_term("a", "x\0sfoo"s));
  EXPECT_NE(metadata_term("a\0"s, "x"s), metadata_term("a\1"s, "x"s));
  EXPECT_NE(metadata_term("a\0"s, "x"s), metadata_term("a\1\1"s, "x"s));
  EXPECT_NE(metadata_term("a", "\1"s), metadata_term("a", true));
}

// What the semantics are: a document at a time, condition by condition.

bool at_least(const MetadataValue& value, const MetadataValue& bound) {
  return value.index() == bound.index() && value >= bound;
}

bool holds(const Condition& condition, const MetadataValue& value) {
  if (!condition.any_of.empty()) {
    return std::find(condition.any_of.begin(), condition.any_of.end(), value) != condition.any_of.end();
  }
  if (!condition.gte && !condition.lte) return false;
  return (!condition.gte || at_least(value, *condition.gte)) && (!condition.lte || at_least(*condition.lte, value));
}

bool matches(const Filter& filter, const Metadata& metadata) {
  return std::all_of(filter.begin(), filter.end(), [&metadata](const Condition& condition) {
    return std::any_of(metadata.begin(), metadata.end(), [&condition](const auto& field) {
      return field.first == condition.field && holds(condition, field.second);
    });
  });
}

/// Fields and values that lie close together once they are bytes.
class RandomMetadata {
 public:
  explicit RandomMetadata(unsigned seed) : random_(seed) {}

  std::size_t number(std::size_t below) { return random_.below(static_cast<std::uint32_t>(below)); }

  Metadata metadata() {
    Metadata all;
    for (std::size_t i = number(5); i > 0; --i) all.emplace_back(field(), value());
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return all;
  }

  Filter filter() {
    Filter filter;
    for (std::size_t i = 1 + number(2); i > 0; --i) {
      Condition condition{field(), {}, std::nullopt, std::nullopt};
      if (number(2) == 0) {
        for (std::size_t values = 1 + number(3); values > 0; --values) condition.any_of.push_back(value());
      } else {
        if (number(3) > 0) condition.gte = value();
        if (number(3) > 0) condition.lte = value();
      }
      filter.push_back(std::move(condition));
    }
    return filter;
  }

 private:
  std::string field() {
    static const std::vector<std::string> fields = {"a", "b", "", {"a\0", 2}, {"a\0s", 3}, "a\1", "a\1\1", "as"};
    return fields[number(fields.size())];
  }
  MetadataValue value() {
    static const std::vector<std::string> strings = {"", "a", "b", "ab", {"\0", 1}, {"a\0", 2}, "\1", "\xc3\xbf", "~"};
    static const std::vector<double> numbers = {-1e9, -2, -1,  -0.5,    -0.0,   0.0,    0.5,
                                                1,    2,  1e9, 1.5e308, 1e-310, -1e-310};
    switch (number(3)) {
      case 0:
        return strings[number(strings.size())];
      case 1:
        return numbers[number(numbers.size())];
      default:
        return number(2) == 0;
    }
  }

  Random random_;
};

TEST(ChunksMatching, AreThoseThatLookingAtEachDocumentFinds) {
  RandomMetadata random(1);
  std::size_t found = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<store::StoredDocument> documents;
    std::vector<Metadata> metadata;
    const std::size_t count = 1 + random.number(round % 10 == 0 ? 600 : 30);
    for (std::size_t i = 0; i < count; ++i) {
      documents.push_back(document_of_lines("d" + std::to_string(1000 + i), "x"));
      metadata.push_back(random.metadata());
    }
    std::vector<IndexedDocument> indexed;
    for (std::size_t i = 0; i < count; ++i) indexed.push_back({&documents[i], metadata[i]});
    const auto segment = Segment::build(std::move(indexed));
    for (int asked = 0; asked < 100; ++asked) {
      const Filter filter = random.filter();
      const Bitmap chunks = chunks_matching(*segment, filter);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(chunks.test(i), matches(filter, metadata[i])) << "round " << round << " asked " << asked;
      }
      found += chunks.count();
    }
  }
  EXPECT_GT(found, 1000U);
}

}  // namespace
}  // namespace ragd::retrieval
