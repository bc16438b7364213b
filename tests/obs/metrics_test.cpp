#include "obs/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace ragd::obs {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t series_in(const std::string& text) {
  const std::vector<std::string> lines = lines_of(text);
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.at(0) != '#'; }));
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, ShowEveryClosedLabelValueAtZeroFromTheFirstScrape) {
  const Metrics metrics;
  const std::string text = metrics.text();
  for (const char* status : {"success", "cached", "no_answer", "error", "canceled"}) {
    EXPECT_TRUE(has_line(text, std::string("rag_queries_total{status=\"") + status + "\"} 0")) << status;
  }
  EXPECT_TRUE(has_line(text, "rag_query_duration_seconds_bucket{le=\"2.0\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_query_duration_seconds_count 0"));
  EXPECT_TRUE(has_line(text, "rag_stage_duration_seconds_bucket{stage=\"cache_store\",le=\"+Inf\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_cache_hits_total 0"));
  EXPECT_TRUE(has_line(text, "rag_cache_requests_total{cache=\"response\",result=\"bypass\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_requests_rejected_total{reason=\"shutting_down\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_connections_active{listener=\"plain\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_ingest_documents_total{outcome=\"error\"} 0"));
}

TEST(Metrics, CountUnderTheNameOfTheirLabel) {
  Metrics metrics;
  metrics.queries.add(Outcome::no_answer, 3);
  metrics.stage_duration.observe(Stage::retrieve, 0.003);
  metrics.in_flight.add(7);
  metrics.in_flight.add(-2);
  metrics.http_requests.add("/query", "POST", 200);
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, "rag_queries_total{status=\"no_answer\"} 3"));
  EXPECT_TRUE(has_line(text, "rag_stage_duration_seconds_bucket{stage=\"retrieve\",le=\"0.005\"} 1"));
  EXPECT_TRUE(has_line(text, "rag_stage_duration_seconds_bucket{stage=\"retrieve\",le=\"0.0025\"} 0"));
  EXPECT_TRUE(has_line(text, "rag_in_flight_requests 5"));
  EXPECT_TRUE(has_line(text, "rag_http_requests_total{route=\"/query\",method=\"POST\",code=\"200\"} 1"));
}

TEST(Metrics, AskTheSamplerAtEachScrape) {
  Metrics metrics;
  int documents = 0;
  metrics.set_sampler([&](Exposition& out) { out.gauge("rag_documents", "Documents stored.", ++documents); });
  EXPECT_TRUE(has_line(metrics.text(), "rag_documents 1"));
  EXPECT_TRUE(has_line(metrics.text(), "rag_documents 2"));
}

TEST(Metrics, TellAboutTheProcess) {
  const Metrics metrics;
  const std::string text = metrics.text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
                           "process_virtual_memory_max_bytes", "process_open_fds", "process_max_fds",
                           "process_start_time_seconds", "process_threads"}) {
    const std::regex positive(std::string("\n") + name + " [0-9][0-9.e+]*\n");
    EXPECT_TRUE(std::regex_search(text, positive)) << name;
  }
}

// The rules `promtool check metrics` applies, as far as they concern names.
TEST(Metrics, KeepTheNamingRules) {
  const Metrics metrics;
  std::set<std::string> seen;
  std::string name;
  std::string type;
  for (const std::string& line : lines_of(metrics.text())) {
    std::smatch match;
    if (std::regex_match(line, match, std::regex("# HELP ([a-z_0-9]+) (.+)"))) {
      name = match[1];
      EXPECT_TRUE(seen.insert(name).second) << "twice: " << name;
      EXPECT_FALSE(std::regex_search(name, std::regex("_(counter|gauge|histogram|count|sum|bucket|ms|sec|kb|mb)$")))
          << name;
    } else if (std::regex_match(line, match, std::regex("# TYPE ([a-z_0-9]+) (counter|gauge|histogram)"))) {
      EXPECT_EQ(match[1], name);
      type = match[2];
      EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
    } else {
      const std::string suffix = type == "histogram" ? "(_bucket|_sum|_count)" : "";
      const std::regex sample(name + suffix + R"re((\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+)re");
      EXPECT_TRUE(std::regex_match(line, sample)) << line;
    }
  }
}

TEST(Metrics, StayBelowTheirSeriesBudgetWhateverClientsSend) {
  Metrics metrics;
  for (unsigned i = 0; i < 10'000; ++i) {
    metrics.http_requests.add("/" + std::to_string(i), "M" + std::to_string(i % 100), 100 + i % 500);
  }
  EXPECT_LT(series_in(metrics.text()), 600U);
}

TEST(Metrics, MayBeScrapedWhileThreadsCount) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        metrics.queries.add(Outcome::success);
        metrics.query_duration.observe(0.01);
        metrics.http_requests.add("/query", "POST", 200);
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(metrics.text().empty());
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(has_line(metrics.text(), "rag_queries_total{status=\"success\"} 8000"));
  EXPECT_TRUE(has_line(metrics.text(), "rag_query_duration_seconds_bucket{le=\"0.01\"} 8000"));
}

}  // namespace
}  // namespace ragd::obs
