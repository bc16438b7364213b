#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ragd::base {
namespace {

TEST(Hash, KeepsItsValuesSoThatStoredFingerprintsStayTrue) {
  EXPECT_EQ(hash64(""), 0x2D06800538D394C2ULL);  // XXH3's published value for empty input
  EXPECT_EQ(hash128("")[0], 0x99AA06D3014798D8ULL);
  EXPECT_EQ(hash128("")[1], 0x6001C324468D497FULL);
}

TEST(Hash, TellsNeighboursApart) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(hash64("key-" + std::to_string(i)));
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_NE(hash128("a"), hash128("b"));
  EXPECT_NE(hash64(std::string("a\0b", 3)), hash64(std::string("a\0c", 3)));
}

TEST(Sha256, GivesTheStandardsExamples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256 pieces;
  for (const std::string_view piece : {"a", "", "bc"}) pieces.update(piece);
  EXPECT_EQ(pieces.hex(), sha256_hex("abc"));
  EXPECT_EQ(Sha256().hex(), sha256_hex(""));
}

TEST(Hex, WritesEveryByteAsTwoLowerCaseDigits) {
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(to_hex(std::string_view("\x00\x0F\xA5\xFF", 4)), "000fa5ff");
}

TEST(EqualConstantTime, ComparesLikeEquality) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace ragd::base
