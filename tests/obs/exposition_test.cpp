#include "obs/exposition.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace ragd::obs {
namespace {

TEST(Exposition, WritesHelpAndTypeOnceAFamilyAndKeepsItsSamplesTogether) {
  Exposition out;
  out.gauge("rag_dependency_up", "Last check.", 1, {{"dependency", "cache"}});
  out.gauge("rag_ready", "As /health/ready.", 0);
  out.gauge("rag_dependency_up", "Last check.", 0, {{"dependency", "llm"}});
  EXPECT_EQ(out.text(),
            "# HELP rag_dependency_up Last check.\n"
            "# TYPE rag_dependency_up gauge\n"
            "rag_dependency_up{dependency=\"cache\"} 1\n"
            "rag_dependency_up{dependency=\"llm\"} 0\n"
            "# HELP rag_ready As /health/ready.\n"
            "# TYPE rag_ready gauge\n"
            "rag_ready 0\n");
}

TEST(Exposition, WritesAHistogramWithPointedBoundsSumAndCount) {
  static constexpr std::array kBounds = {0.00001, 0.001, 1.0, 10.0};
  Histogram histogram(kBounds);
  for (const double value : {0.001, 0.5, 99.5}) histogram.observe(value);
  Exposition out;
  out.histogram("rag_overhead_seconds", "Own time.", histogram, {{"stage", "parse"}});
  EXPECT_EQ(out.text(),
            "# HELP rag_overhead_seconds Own time.\n"
            "# TYPE rag_overhead_seconds histogram\n"
            "rag_overhead_seconds_bucket{stage=\"parse\",le=\"0.00001\"} 0\n"
            "rag_overhead_seconds_bucket{stage=\"parse\",le=\"0.001\"} 1\n"
            "rag_overhead_seconds_bucket{stage=\"parse\",le=\"1.0\"} 2\n"
            "rag_overhead_seconds_bucket{stage=\"parse\",le=\"10.0\"} 2\n"
            "rag_overhead_seconds_bucket{stage=\"parse\",le=\"+Inf\"} 3\n"
            "rag_overhead_seconds_sum{stage=\"parse\"} 100.001\n"
            "rag_overhead_seconds_count{stage=\"parse\"} 3\n");
}

TEST(Exposition, EscapesLabelValues) {
  Exposition out;
  out.counter("rag_x_total", "X.", 1, {{"question", "a\"} 9\nrag_y \\"}});
  EXPECT_EQ(out.text(),
            "# HELP rag_x_total X.\n"
            "# TYPE rag_x_total counter\n"
            "rag_x_total{question=\"a\\\"} 9\\nrag_y \\\\\"} 1\n");
}

TEST(Exposition, WritesWholeNumbersPlainlyAndOthersExactly) {
  const auto value_of = [](auto value) {
    Exposition out;
    out.gauge("x", "X.", value);
    const std::string text = out.text();
    const std::size_t at = text.rfind(' ') + 1;
    return text.substr(at, text.size() - at - 1);
  };
  EXPECT_EQ(value_of(100'000), "100000");
  EXPECT_EQ(value_of(std::size_t{1} << 40), "1099511627776");
  EXPECT_EQ(value_of(-3), "-3");
  EXPECT_EQ(value_of(0.1), "0.1");
  EXPECT_EQ(value_of(1e300), "1e+300");
  EXPECT_EQ(value_of(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(value_of(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(Exposition, WritesAWholeCounterAboveTwoToTheFiftyThird) {
  Exposition out;
  out.counter("x_total", "X.", std::numeric_limits<std::uint64_t>::max());
  EXPECT_NE(out.text().find("x_total 18446744073709551615\n"), std::string::npos);
}

}  // namespace
}  // namespace ragd::obs
