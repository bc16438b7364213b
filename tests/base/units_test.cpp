#include "base/units.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

namespace ragd::base {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(*parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(*parse_duration("60s"), milliseconds(60'000));
  EXPECT_EQ(*parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(*parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(*parse_duration("7d"), milliseconds(604'800'000));
}

TEST(ParseDuration, TakesABareNumberForSeconds) {
  EXPECT_EQ(*parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(*parse_duration("0"), milliseconds(0));
}

TEST(ParseDuration, TakesFractionsThatComeOutWhole) {
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1'500));
  EXPECT_EQ(*parse_duration("0.25"), milliseconds(250));
  EXPECT_FALSE(parse_duration("0.5ms"));
}

TEST(ParseDuration, RefusesWhatIsNotADuration) {
  for (const std::string_view text :
       {"", "s", "5x", "-1s", "+1s", " 1s", "1 s", "1.s", ".5s", "1e3", "1.5.5s", "5mm"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_EQ(parse_duration("5x").error().detail, "is not a duration (write 250ms, 60s, 5m or 1h)");
}

TEST(ParseDuration, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(parse_duration("999999999999999999d"));
  EXPECT_FALSE(parse_duration("99999999999999999999ms"));
  EXPECT_FALSE(parse_duration("1.1234567s"));
}

TEST(FormatDuration, UsesTheLargestUnitThatDivides) {
  EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(milliseconds(60'000)), "1m");
  EXPECT_EQ(format_duration(milliseconds(86'400'000)), "1d");
  EXPECT_EQ(format_duration(milliseconds(1'001)), "1001ms");
  EXPECT_EQ(format_duration(milliseconds(0)), "0s");
}

TEST(ParseSize, CountsByTheUnitThatIsWritten) {
  EXPECT_EQ(*parse_size("64MiB"), 64ULL << 20U);
  EXPECT_EQ(*parse_size("1GiB"), 1ULL << 30U);
  EXPECT_EQ(*parse_size("8MB"), 8'000'000U);
  EXPECT_EQ(*parse_size("8mb"), 8'000'000U);
  EXPECT_EQ(*parse_size("4096"), 4096U);
  EXPECT_EQ(*parse_size("12B"), 12U);
  EXPECT_EQ(*parse_size("1.5KiB"), 1536U);
}

TEST(ParseSize, RefusesAmbiguousAndBrokenUnits) {
  for (const std::string_view text : {"", "64M", "64Mi", "MiB", "-1", "1 MiB", "0.1B", "99999999999TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
  EXPECT_EQ(parse_size("64M").error().detail, "is not a size (write 64MiB, 1GiB, 8MB or bytes)");
}

TEST(FormatSize, ReadsBackTheSame) {
  EXPECT_EQ(format_size(8ULL << 20U), "8MiB");
  EXPECT_EQ(format_size(1000), "1000");
  EXPECT_EQ(format_size(0), "0");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL, 3ULL << 30U, 1ULL << 40U}) {
    EXPECT_EQ(*parse_size(format_size(bytes)), bytes);
  }
}

}  // namespace
}  // namespace ragd::base
