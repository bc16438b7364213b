#include "obs/upstream_metrics.hpp"

#include "obs/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace ragd::obs {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr SteadyTime kNow{std::chrono::hours(1)};
constexpr std::array kBounds = {0.1, 1.0};

std::string text_of(const UpstreamMetrics& metrics) {
  Exposition out;
  metrics.write(out);
  return out.text();
}

TEST(UpstreamMetricsTest, ShowEveryUpstreamAtZeroFromTheFirstScrape) {
  const Metrics metrics;
  const std::string text = metrics.text();
  for (const std::string upstream : {"llm", "embeddings", "vector_db", "cache_remote"}) {
    const std::string label = "upstream=\"" + upstream + "\"";
    for (const std::string outcome : {"success", "error", "timeout", "canceled"}) {
      EXPECT_THAT(text, HasSubstr("\nrag_upstream_requests_total{" + label + ",outcome=\"" + outcome + "\"} 0\n"));
    }
    EXPECT_THAT(text, HasSubstr("\nrag_upstream_request_duration_seconds_bucket{" + label + ",le=\"60.0\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nrag_upstream_request_duration_seconds_count{" + label + "} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nrag_upstream_retries_total{" + label + "} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nrag_circuit_breaker_open{" + label + "} 0\n"));
  }
}

TEST(UpstreamMetricsTest, CountACallOnceByItsEnd) {
  UpstreamMetrics metrics(kBounds);
  const UpstreamRecorder recorder(metrics, Upstream::cache_remote);
  {
    UpstreamCall call(recorder, kNow);
    call.end(UpstreamOutcome::timeout, kNow + milliseconds(500));
  }
  recorder.count_retry();
  const std::string text = text_of(metrics);
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"cache_remote\",outcome=\"timeout\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"cache_remote\",outcome=\"canceled\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_request_duration_seconds_sum{upstream=\"cache_remote\"} 0.5\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_retries_total{upstream=\"cache_remote\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"llm\",outcome=\"timeout\"} 0\n"));
}

TEST(UpstreamMetricsTest, TakeACallWithoutAnEndForCanceled) {
  UpstreamMetrics metrics(kBounds);
  { const UpstreamCall call({metrics, Upstream::llm}, std::chrono::steady_clock::now()); }
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_upstream_requests_total{upstream=\"llm\",outcome=\"canceled\"} 1\n"));
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_upstream_request_duration_seconds_count{upstream=\"llm\"} 1\n"));
}

TEST(UpstreamMetricsTest, ShowABreakerOpenWhileThatOfAnyCoreIs) {
  UpstreamMetrics metrics(kBounds);
  const UpstreamRecorder recorder(metrics, Upstream::embeddings);
  std::vector<std::thread> cores;
  for (int i = 0; i < 2; ++i) cores.emplace_back([&recorder] { recorder.breaker_opened(); });
  for (std::thread& core : cores) core.join();
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_circuit_breaker_open{upstream=\"embeddings\"} 1\n"));
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_circuit_breaker_open{upstream=\"vector_db\"} 0\n"));
  recorder.breaker_closed();
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_circuit_breaker_open{upstream=\"embeddings\"} 1\n"));
  recorder.breaker_closed();
  EXPECT_THAT(text_of(metrics), HasSubstr("rag_circuit_breaker_open{upstream=\"embeddings\"} 0\n"));
}

}  // namespace
}  // namespace ragd::obs
