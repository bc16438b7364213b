#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ragd::base {
namespace {

TEST(Base64, AgreesWithTheExamplesOfRfc4648) {
  const std::string plain = "foobar";
  for (const auto& [size, text] :
       {std::pair{0, ""}, {1, "Zg=="}, {2, "Zm8="}, {3, "Zm9v"}, {4, "Zm9vYg=="}, {5, "Zm9vYmE="}, {6, "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_encode(plain.substr(0, static_cast<std::size_t>(size))), text);
    EXPECT_EQ(base64_decode(text), plain.substr(0, static_cast<std::size_t>(size)));
  }
  EXPECT_EQ(base64_encode("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, GivesBackWhateverItWasGiven) {
  std::mt19937 random(20260404);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random() % 100, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ASSERT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatIsNoEncoding) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm9v\n", "Zm9v Yg=", "Zm-_", "Zm=v", "=m9v",
                           "Zh==", "Zm9=", "Zm9vYg==Zm9v", "Z\xc3\xa9g="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ragd::base
