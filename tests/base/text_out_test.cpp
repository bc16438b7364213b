#include "base/text_out.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace ragd::base {
namespace {

using std::chrono::nanoseconds;

std::string written(auto... pieces) {
  std::string out;
  {
    TextOut text(out, 4);
    (text << ... << pieces);
  }
  return out;
}

TEST(TextOut, WritesBehindWhatIsThere) {
  std::string out = "before";
  TextOut(out) << " and " << std::string_view("after") << 42;
  EXPECT_EQ(out, "before and after42");
  TextOut(out) << "";
  EXPECT_EQ(out, "before and after42");
}

TEST(TextOut, WritesInPlaceOfWhatIsThere) {
  std::string out = "something rather long that was there before";
  TextOut::over(out, 4) << "short";
  EXPECT_EQ(out, "short");
  TextOut::over(out) << std::string_view();
  EXPECT_EQ(out, "");
}

TEST(TextOut, GrowsBeyondTheRoomThatWasForeseen) {
  std::string expected;
  std::string out;
  {
    TextOut text(out, 1);
    for (int i = 0; i < 500; ++i) {
      text << "piece " << i << std::string_view(", ");
      expected += "piece " + std::to_string(i) + ", ";
    }
  }
  EXPECT_EQ(out, expected);
}

TEST(TextOut, WritesNumbersWhole) {
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(0), "0");
}

TEST(TextOut, WritesTimesInMillisecondsWithThreeDecimals) {
  EXPECT_EQ(written(nanoseconds(0)), "0.000");
  EXPECT_EQ(written(nanoseconds(999)), "0.000");
  EXPECT_EQ(written(nanoseconds(1'000)), "0.001");
  EXPECT_EQ(written(nanoseconds(45'678)), "0.045");
  EXPECT_EQ(written(nanoseconds(1'230'000)), "1.230");
  EXPECT_EQ(written(nanoseconds(61'000'000'000)), "61000.000");
  EXPECT_EQ(written(nanoseconds(-5'000)), "0.000") << "two readings of a clock may come in the wrong order";
}

}  // namespace
}  // namespace ragd::base
