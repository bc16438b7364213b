#include "store/record.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace ragd::store {
namespace {

StoredDocument sample() {
  StoredDocument stored;
  stored.document = {"doc-1", std::string(5000, 'x'), "Títle", "https://example.org/a", R"({"year":2020})"};
  stored.chunks = {{0, 1000, ""}, {1001, 2500, "Guide > Install"}, {2500, 5000, "Guide"}};
  return stored;
}

TEST(Record, GivesBackWhatWasStored) {
  const StoredDocument stored = sample();
  Result<HeaderRecord> header = decode_header(encode_header(stored));
  ASSERT_TRUE(header);
  const Result<StoredDocument> read = join("doc-1", *std::move(header), stored.document.text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->document.title, stored.document.title);
  EXPECT_EQ(read->document.source, stored.document.source);
  EXPECT_EQ(read->document.metadata_json, stored.document.metadata_json);
  ASSERT_EQ(read->chunks.size(), 3U);
  EXPECT_EQ(read->chunks[1].start, 1001U);
  EXPECT_EQ(read->chunks[1].end, 2500U);
  EXPECT_EQ(read->chunks[1].heading, "Guide > Install");
}

TEST(Record, RefusesATextOfAnotherLength) {
  Result<HeaderRecord> header = decode_header(encode_header(sample()));
  ASSERT_TRUE(header);
  EXPECT_FALSE(join("doc-1", *std::move(header), "short"));
}

TEST(Record, HashDependsOnEveryField) {
  const std::string base = encode_header(sample());
  const auto hash_of = [](const StoredDocument& stored) { return *decode_hash(encode_header(stored)); };
  std::vector<StoredDocument> changed(7, sample());
  changed[0].document.id = "doc-2";
  changed[1].document.text.back() = 'y';
  changed[2].document.title += "!";
  changed[3].document.source += "!";
  changed[4].document.metadata_json = "{}";
  changed[5].chunks[0].end = 999;
  changed[6].chunks[0].heading = "Other";
  for (const StoredDocument& stored : changed) EXPECT_NE(hash_of(stored), *decode_hash(base));
  EXPECT_EQ(hash_of(sample()), *decode_hash(base));
}

TEST(Record, RefusesEveryTruncation) {
  const std::string bytes = encode_header(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of exactly that size, so that the sanitizer sees any read past it.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_header({cut.data(), cut.size()})) << size;
  }
  EXPECT_FALSE(decode_header(bytes + "x"));
}

TEST(Record, SurvivesEveryFlippedByte) {
  const std::string bytes = encode_header(sample());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      const Result<HeaderRecord> header = decode_header(damaged);
      if (!header) continue;
      for (const ChunkSpan& chunk : header->chunks) {
        EXPECT_LE(chunk.start, chunk.end);
        EXPECT_LE(chunk.end, header->text_bytes);
      }
    }
  }
}

TEST(Record, SurvivesNoise) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise(random() % 64, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    if (!noise.empty()) noise[0] = 1;
    const Result<HeaderRecord> header = decode_header(noise);
    EXPECT_TRUE(!header || header->chunks.size() <= noise.size());
  }
}

TEST(Varint, KeepsEveryMagnitude) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1}) {
      std::string bytes;
      put_varint(bytes, value);
      std::string_view rest = bytes;
      std::uint64_t read = 0;
      EXPECT_TRUE(get_varint(rest, read));
      EXPECT_EQ(read, value);
      EXPECT_TRUE(rest.empty());
    }
  }
}

TEST(Varint, RefusesMoreThanSixtyFourBits) {
  std::string_view bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  std::uint64_t value = 0;
  EXPECT_FALSE(get_varint(bytes, value));
}

}  // namespace
}  // namespace ragd::store
