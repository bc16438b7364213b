#include "retrieval/dictionary.hpp"

#include "retrieval/random.hpp"
#include "retrieval/segment_fixture.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval {
namespace {

constexpr std::uint32_t kHolders = 2000;

using Model = std::map<std::string, std::vector<Posting>>;

/// Terms that share beginnings, of bytes that sort first, last and between; some of eight bytes and about.
std::string random_term(Random& random) {
  static constexpr std::string_view kBytes("\0\1a\x7f\x80\xff", 6);
  std::string term = random.below(3) == 0 ? "international" : "";
  for (std::uint32_t i = random.below(11); i > 0; --i) term += kBytes[random.below(kBytes.size())];
  return term;
}

Model random_model(Random& random, std::size_t terms) {
  Model model;
  for (std::size_t i = 0; i < terms; ++i) {
    std::vector<Posting>& postings = model[random_term(random)];
    postings.clear();
    const std::uint32_t step = 1 + random.below(random.below(2) == 0 ? 20 : kHolders);
    for (std::uint32_t holder = random.below(step); holder < kHolders; holder += step) {
      postings.push_back({holder, static_cast<std::uint16_t>(1 + random.below(3))});
    }
  }
  return model;
}

std::string written(const Model& model) {
  DictionaryWriter writer({});
  for (const auto& [term, postings] : model) writer.add(term, postings);
  const std::size_t size = writer.bytes();
  std::string bytes = writer.finish();
  EXPECT_EQ(bytes.size(), size);
  EXPECT_EQ(bytes.size() % 8, 0U);
  return bytes;
}

PlainDictionary plain(const Model& model) {
  PlainDictionary all;
  for (const auto& [term, postings] : model) {
    for (const Posting& posting : postings) all[term].emplace_back(posting.holder, posting.frequency);
  }
  return all;
}

/// In memory of exactly its size, so that a sanitizer sees whatever is read beyond.
class Copy {
 public:
  explicit Copy(const std::string& bytes)
      : words_((bytes.size() + 7) / 8), bytes_(reinterpret_cast<char*>(words_.data()), bytes.size()) {
    bytes.copy(reinterpret_cast<char*>(words_.data()), bytes.size());
  }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::vector<std::uint64_t> words_;
  std::string_view bytes_;
};

TEST(Dictionary, FindsWhatAMapFinds) {
  Random random(1);
  for (const std::size_t terms : {0U, 1U, 2U, 10U, 300U}) {
    const Model model = random_model(random, terms);
    const Copy copy(written(model));
    const auto dictionary = Dictionary::map(copy.bytes(), kHolders);
    ASSERT_TRUE(dictionary);
    EXPECT_EQ(plain(*dictionary), plain(model));
    for (int i = 0; i < 500; ++i) {
      const std::string term = random_term(random);
      const auto expected = static_cast<std::size_t>(std::distance(model.begin(), model.lower_bound(term)));
      ASSERT_EQ(dictionary->lower_bound(term), expected);
      ASSERT_EQ(dictionary->find(term), model.count(term) > 0 ? std::optional(expected) : std::nullopt);
    }
  }
}

TEST(Dictionary, KnowsTheOrderOfItsTerms) {
  Random random(2);
  const Model model = random_model(random, 300);
  const Copy copy(written(model));
  const Dictionary dictionary = *Dictionary::map(copy.bytes(), kHolders);
  for (std::size_t a = 0; a < dictionary.size(); ++a) {
    ASSERT_EQ(dictionary.order_key(a), order_key(dictionary.term(a)));
    for (std::size_t b = a + 1; b < dictionary.size(); ++b) {
      ASSERT_LE(dictionary.order_key(a), dictionary.order_key(b));
      if (dictionary.order_key(a) < dictionary.order_key(b)) continue;
      ASSERT_TRUE(dictionary.term(a).size() < dictionary.term(b).size() || dictionary.term(b).size() > 8);
    }
  }
}

TEST(Dictionary, SpendsFewBytesOnAWordThatOccursOnce) {
  Model model;
  for (std::uint32_t i = 0; i < 1000; ++i) model["word" + std::to_string(1000 + i)] = {{i, 1}};
  EXPECT_LE(written(model).size(), 1000U * (8 + 8 + 3) + 24);
}

TEST(Dictionary, KeepsNoBytesOfWhatItsWriterAppendsTo) {
  DictionaryWriter writer({});
  writer.add("zebra", std::vector<Posting>{{1, 1}});
  std::string bytes = "12345678";
  writer.finish(bytes);
  EXPECT_EQ(bytes.substr(8), written({{"zebra", {{1, 1}}}}));
}

TEST(Dictionary, RefusesTermsOutOfOrder) {
  DictionaryWriter writer({});
  writer.add("lion", std::vector<Posting>{{1, 1}});
  writer.add("lion", std::vector<Posting>{{1, 1}});
  EXPECT_FALSE(Dictionary::map(Copy(writer.finish()).bytes(), kHolders));
}

TEST(Dictionary, RefusesATermNobodyHolds) {
  EXPECT_FALSE(Dictionary::map(Copy(written({{"zebra", {}}})).bytes(), kHolders));
}

TEST(Dictionary, RefusesAHolderThatCannotBe) {
  const Copy copy(written({{"zebra", {{7, 1}}}}));
  EXPECT_TRUE(Dictionary::map(copy.bytes(), 8));
  EXPECT_FALSE(Dictionary::map(copy.bytes(), 7));
}

TEST(Dictionary, RefusesEveryOtherLength) {
  Random random(3);
  const std::string bytes = written(random_model(random, 20));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_FALSE(Dictionary::map(Copy(bytes.substr(0, length)).bytes(), kHolders)) << length;
  }
  EXPECT_FALSE(Dictionary::map(Copy(bytes + std::string(8, '\0')).bytes(), kHolders));
}

/// A bit, or a number near the one that was there: counts and ends that are wrong by little go furthest.
void damage(std::string& bytes, Random& random) {
  std::uint32_t word = 0;
  const std::size_t at = random.below(static_cast<std::uint32_t>(bytes.size() / sizeof word)) * sizeof word;
  bytes.copy(reinterpret_cast<char*>(&word), sizeof word, at);
  word = random.below(2) == 0 ? word ^ std::uint32_t{1} << random.below(32) : word + random.below(16) - 8;
  bytes.replace(at, sizeof word, reinterpret_cast<const char*>(&word), sizeof word);
}

TEST(Dictionary, ReadsOnlyItsBytesHoweverTheyAreDamaged) {
  Random random(4);
  std::size_t accepted = 0;
  for (int model = 0; model < 50; ++model) {
    const std::string bytes = written(random_model(random, 1 + random.below(8)));
    for (int round = 0; round < 200; ++round) {
      std::string damaged = bytes;
      for (std::uint32_t times = 1 + random.below(2); times > 0; --times) damage(damaged, random);
      const Copy copy(damaged);
      const auto dictionary = Dictionary::map(copy.bytes(), kHolders);
      if (!dictionary) continue;
      ++accepted;
      for (std::size_t position = 0; position < dictionary->size(); ++position) {
        const Postings postings = dictionary->postings(position);
        ASSERT_EQ(ragd::retrieval::plain(postings).size(), postings.size());
      }
      ASSERT_EQ(dictionary->lower_bound(std::string(20, '\xff')), dictionary->size());
    }
  }
  EXPECT_GT(accepted, 0U);  // the bits of full blocks are not checked
}

}  // namespace
}  // namespace ragd::retrieval
