#include "rag/cache_key.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace ragd::rag {
namespace {

/// Owns what KeyParts refers to.
struct Parts {
  std::string tenant = "default";
  std::string question = "what is polish";
  bool fold_case = false;
  std::size_t top_k = 5;
  Filter filter;
  std::string retrieval = "r";
  std::string llm = "l";
  std::string model = "m";

  [[nodiscard]] CacheKey key() const {
    const std::string answerers = key_of_answerers(retrieval, llm, model);
    CacheKey key;
    make_cache_key({tenant, question, fold_case, top_k, filter, answerers}, key);
    return key;
  }
};

TEST(CacheKey, IsTheSameForTheSameQuestionAndTellsEveryParameter) {
  const Parts base;
  EXPECT_EQ(base.key().bytes, Parts().key().bytes);
  EXPECT_EQ(base.key().hash, Parts().key().hash);
  std::set<std::string> keys{base.key().bytes};
  const auto differs = [&keys](auto change) {
    Parts parts;
    change(parts);
    return keys.insert(parts.key().bytes).second;
  };
  EXPECT_TRUE(differs([](Parts& p) { p.tenant = "acme"; }));
  EXPECT_TRUE(differs([](Parts& p) { p.question = "what is Polish"; }));
  EXPECT_TRUE(differs([](Parts& p) { p.top_k = 6; }));
  EXPECT_TRUE(differs([](Parts& p) { p.fold_case = true; }));
  EXPECT_TRUE(differs([](Parts& p) { p.filter = {{"year", {1999.0}, {}, {}}}; }));
  EXPECT_TRUE(differs([](Parts& p) { p.filter = {{"year", {}, 1999.0, {}}}; }));
  EXPECT_TRUE(differs([](Parts& p) { p.filter = {{"year", {}, {}, 1999.0}}; }));
  EXPECT_TRUE(differs([](Parts& p) { p.filter = {{"year", {std::string("1999")}, {}, {}}}; }));
  EXPECT_TRUE(differs([](Parts& p) { p.filter = {{"year", {true}, {}, {}}}; }));
  EXPECT_TRUE(differs([](Parts& p) { p.retrieval = "r2"; }));
  EXPECT_TRUE(differs([](Parts& p) { p.llm = "l2"; }));
  EXPECT_TRUE(differs([](Parts& p) { p.model = "m2"; }));
}

TEST(CacheKey, FoldsCaseOnlyWhereItIsTold) {
  Parts upper;
  upper.question = "What is POLISH";
  EXPECT_NE(upper.key().bytes, Parts().key().bytes);
  Parts lower;
  upper.fold_case = lower.fold_case = true;
  EXPECT_EQ(upper.key().bytes, lower.key().bytes);
}

TEST(CacheKey, DoesNotDependOnTheOrderOfAFilter) {
  Parts one;
  one.filter = {{"year", {1.0, 2.0, 2.0}, {}, {}}, {"kind", {std::string("a")}, {}, {}}};
  Parts other;
  other.filter = {{"kind", {std::string("a")}, {}, {}}, {"year", {2.0, 1.0}, {}, {}}};
  EXPECT_EQ(one.key().bytes, other.key().bytes);
  Parts zero;
  zero.filter = {{"x", {0.0}, {}, {}}};
  Parts negative_zero;
  negative_zero.filter = {{"x", {-0.0}, {}, {}}};
  EXPECT_EQ(zero.key().bytes, negative_zero.key().bytes);
}

TEST(CacheKey, NormalisesToComposedCharactersAndSingleSpaces) {
  std::string normal = "what was there before";
  normalise("  cafe\xCC\x81 \t\n au\xC2\xA0lait ", normal);
  EXPECT_EQ(normal, "caf\xC3\xA9 au lait");
  normalise(" an  ASCII\tquestion ", normal);
  EXPECT_EQ(normal, "an ASCII question");
}

/// A text of a few letters that fields could run into each other with.
std::string small_text(std::mt19937_64& random) {
  static constexpr std::string_view kLetters("ast\0\1", 5);
  std::string text;
  const std::size_t size = random() % 4;
  for (std::size_t i = 0; i < size; ++i) text += kLetters[random() % kLetters.size()];
  return text;
}

MetadataValue small_value(std::mt19937_64& random) {
  switch (random() % 3) {
    case 0:
      return small_text(random);
    case 1:
      return static_cast<double>(random() % 2);
    default:
      return random() % 2 == 0;
  }
}

Filter small_filter(std::mt19937_64& random) {
  Filter filter(random() % 3);
  for (Condition& condition : filter) {
    condition.field = small_text(random);
    condition.any_of.resize(random() % 3);
    for (MetadataValue& value : condition.any_of) value = small_value(random);
    if (random() % 3 == 0) condition.gte = small_value(random);
    if (random() % 3 == 0) condition.lte = small_value(random);
  }
  return filter;
}

/// The meaning of the parts as a value that compares, built without the code under test.
using Bound = std::set<MetadataValue>;
using Meaning = std::tuple<std::string, std::string, std::size_t,
                           std::set<std::tuple<std::string, std::set<MetadataValue>, Bound, Bound>>, std::string,
                           std::string, std::string>;

Meaning meaning_of(const Parts& parts) {
  Meaning meaning{parts.tenant, parts.question, parts.top_k, {}, parts.retrieval, parts.llm, parts.model};
  for (const Condition& condition : parts.filter) {
    std::get<3>(meaning).insert({condition.field,
                                 {condition.any_of.begin(), condition.any_of.end()},
                                 condition.gte ? Bound{*condition.gte} : Bound{},
                                 condition.lte ? Bound{*condition.lte} : Bound{}});
  }
  return meaning;
}

TEST(CacheKey, IsEqualExactlyForWhatMeansTheSame) {
  std::mt19937_64 random(11);
  std::map<std::string, Meaning> by_key;
  std::map<Meaning, std::string> by_meaning;
  constexpr int kRounds = 30'000;
  for (int i = 0; i < kRounds; ++i) {
    // Neighbours in the key vary together, the rest stays: only then do confusions meet.
    Parts parts;
    switch (random() % 4) {
      case 0:
        parts.tenant = small_text(random);
        parts.question = small_text(random);
        break;
      case 1:
        parts.top_k = random() % 2;
        parts.filter = small_filter(random);
        break;
      case 2:
        parts.filter = small_filter(random);
        break;
      default:
        parts.retrieval = small_text(random);
        parts.llm = small_text(random);
        parts.model = small_text(random);
    }
    const std::string key = parts.key().bytes;
    const Meaning meaning = meaning_of(parts);
    ASSERT_EQ(by_key.try_emplace(key, meaning).first->second, meaning) << "two meanings, one key";
    ASSERT_EQ(by_meaning.try_emplace(meaning, key).first->second, key) << "one meaning, two keys";
  }
}

}  // namespace
}  // namespace ragd::rag
