#include "cache/record.hpp"

#include <gtest/gtest.h>

#include <random>

namespace ragd::cache {
namespace {

CachedAnswer sample() {
  CachedAnswer answer;
  answer.tenant = "acme";
  answer.version = "uuid-17";
  answer.fingerprint = {0xFFFFFFFFFFFFFFFFULL, 1};
  answer.stored_at_ms = 1'700'000'000'123;
  answer.expires_at_ms = -5;
  answer.no_answer = true;
  answer.json = R"({"answer":"x","citations":[])";
  answer.answer_begin = 10;
  answer.answer_end = 13;
  answer.citations_begin = 26;
  answer.citations_end = 28;
  answer.documents = {"a", "", std::string("b\0c", 3)};
  return answer;
}

bool is_equal(const CachedAnswer& a, const CachedAnswer& b) {
  return a.tenant == b.tenant && a.version == b.version && a.fingerprint == b.fingerprint &&
         a.stored_at_ms == b.stored_at_ms && a.expires_at_ms == b.expires_at_ms && a.no_answer == b.no_answer &&
         a.json == b.json && a.answer_begin == b.answer_begin && a.answer_end == b.answer_end &&
         a.citations_begin == b.citations_begin && a.citations_end == b.citations_end && a.documents == b.documents;
}

TEST(CacheRecord, ReadsBackWhatItWrote) {
  const auto read = decode(encode(sample()));
  ASSERT_TRUE(read);
  EXPECT_TRUE(is_equal(*read, sample()));
}

TEST(CacheRecord, RefusesEveryShorterRecord) {
  const std::string record = encode(sample());
  for (std::size_t size = 0; size < record.size(); ++size) EXPECT_FALSE(decode(record.substr(0, size))) << size;
}

TEST(CacheRecord, RefusesBytesLeftOverAndOtherFormats) {
  std::string record = encode(sample());
  EXPECT_FALSE(decode(record + '\0'));
  record[0] = 2;
  EXPECT_FALSE(decode(record));
}

TEST(CacheRecord, RefusesRangesOutsideTheBody) {
  CachedAnswer answer = sample();
  answer.citations_end = static_cast<std::uint32_t>(answer.json.size() + 1);
  EXPECT_FALSE(decode(encode(answer)));
  answer = sample();
  answer.answer_begin = answer.answer_end + 1;
  EXPECT_FALSE(decode(encode(answer)));
}

TEST(CacheRecord, SurvivesAnyByteChanged) {
  std::mt19937_64 random(3);
  const std::string record = encode(sample());
  constexpr int kRounds = 20'000;
  for (int i = 0; i < kRounds; ++i) {
    std::string damaged = record;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto read = decode(damaged);
    if (!read) continue;
    EXPECT_LE(read->answer_end, read->json.size());
    EXPECT_LE(read->citations_end, read->json.size());
  }
}

}  // namespace
}  // namespace ragd::cache
