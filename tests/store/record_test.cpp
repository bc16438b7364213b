#include "store/record.hpp"

#include "store/record_bytes.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ragd::store {
namespace {

StoredDocument sample() {
  StoredDocument stored;
  stored.document = {"doc-1", std::string(5000, 'x'), "Títle", "https://example.org/a", R"({"year":2020})"};
  stored.chunks = {{3, 1000, ""}, {1001, 2500, "Guide > Install"}, {2500, 4990, "Guide"}};
  return stored;
}

/// Out of its header and these passages of it.
Result<StoredDocument> assembled(const StoredDocument& stored, const std::vector<std::uint32_t>& ordinals) {
  Result<HeaderRecord> header = decode_header(encode_header(stored));
  if (!header) return header.error();
  Assembly assembly(stored.document.id, *std::move(header));
  for (const std::uint32_t ordinal : ordinals) {
    const std::string bytes = encode_passage(stored, ordinal);
    const Result<PassageRecord> passage = decode_passage(bytes);
    if (!passage) return passage.error();
    if (Result<void> appended = assembly.append(*passage); !appended) return appended.error();
  }
  return std::move(assembly).finish();
}

TEST(Record, GivesBackWhatWasStored) {
  const StoredDocument stored = sample();
  const Result<StoredDocument> read = assembled(stored, {0, 1, 2});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->document.id, stored.document.id);
  EXPECT_EQ(read->document.text, stored.document.text);
  EXPECT_EQ(read->document.title, stored.document.title);
  EXPECT_EQ(read->document.source, stored.document.source);
  EXPECT_EQ(read->document.metadata_json, stored.document.metadata_json);
  ASSERT_EQ(read->chunks.size(), 3U);
  EXPECT_EQ(read->chunks[1].start, 1001U);
  EXPECT_EQ(read->chunks[1].end, 2500U);
  EXPECT_EQ(read->chunks[1].heading, "Guide > Install");
}

TEST(Record, GivesBackATextWithoutChunks) {
  StoredDocument stored = sample();
  stored.document.text = " \n ";
  stored.chunks.clear();
  const Result<StoredDocument> read = assembled(stored, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->document.text, " \n ");
  EXPECT_TRUE(read->chunks.empty());
}

TEST(Record, KnowsAChunksPlaceFromItsPassageAlone) {
  StoredDocument stored = sample();
  stored.document.text.replace(1000, 1, " ");
  const std::string bytes = encode_passage(stored, 1);
  const Result<PassageRecord> passage = decode_passage(bytes);
  ASSERT_TRUE(passage);
  EXPECT_EQ(passage->start, 1001U);
  EXPECT_EQ(passage->text.size(), 1499U);
  EXPECT_EQ(passage->heading, "Guide > Install");
  EXPECT_EQ(passage->gap, " ");
}

TEST(Record, RefusesPassagesThatDoNotFit) {
  EXPECT_FALSE(assembled(sample(), {0, 1}));
  EXPECT_FALSE(assembled(sample(), {0, 2, 1}));
  EXPECT_FALSE(assembled(sample(), {0, 1, 2, 2}));
  EXPECT_FALSE(assembled(sample(), {0, 0, 2}));
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

/// A copy of exactly that size, so that the sanitizer sees any read past it.
std::vector<char> first_bytes(const std::string& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST(Record, RefusesEveryTruncation) {
  const std::string header = encode_header(sample());
  for (std::size_t size = 0; size < header.size(); ++size) {
    const std::vector<char> cut = first_bytes(header, size);
    EXPECT_FALSE(decode_header({cut.data(), cut.size()})) << size;
  }
  EXPECT_FALSE(decode_header(header + "x"));
  const std::string passage = encode_passage(sample(), 0);
  for (std::size_t size = 0; size < passage.size(); ++size) {
    const std::vector<char> cut = first_bytes(passage, size);
    EXPECT_FALSE(decode_passage({cut.data(), cut.size()})) << size;
  }
  EXPECT_FALSE(decode_passage(passage + "x"));
}

TEST(Record, SurvivesEveryFlippedByte) {
  StoredDocument stored = sample();
  stored.document.text = "  A short text.\n\nIn two.\n";
  stored.chunks = {{2, 15, "Guide"}, {17, 24, ""}};
  const std::string header = encode_header(stored);
  const std::string passage = encode_passage(stored, 1);
  for (unsigned value = 0; value < 256; ++value) {
    for (std::size_t at = 0; at < header.size(); ++at) {
      std::string damaged = header;
      damaged[at] = static_cast<char>(value);
      const Result<HeaderRecord> read = decode_header(damaged);
      EXPECT_TRUE(!read || read->title.size() + read->source.size() + read->metadata_json.size() < damaged.size());
    }
    for (std::size_t at = 0; at < passage.size(); ++at) {
      std::string damaged = passage;
      damaged[at] = static_cast<char>(value);
      const Result<PassageRecord> read = decode_passage(damaged);
      if (!read) continue;
      EXPECT_GE(read->start, read->gap.size());
      EXPECT_GE(read->start + read->text.size(), read->start);
    }
  }
}

TEST(Record, SurvivesNoise) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise(random() % 64, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const Result<PassageRecord> passage = decode_passage(noise);
    EXPECT_TRUE(!passage || passage->text.size() <= noise.size());
    if (!noise.empty()) noise[0] = 2;
    const Result<HeaderRecord> header = decode_header(noise);
    EXPECT_TRUE(!header || header->title.size() <= noise.size());
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
