#include "obs/http_request_counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace ragd::obs {
namespace {

std::string text_of(const HttpRequestCounter& counter) {
  Exposition out;
  counter.write(out, "rag_http_requests_total", "HTTP answers.");
  return out.text();
}

auto lines_in(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

TEST(HttpRequestCounter, ShowsACombinationOnceItWasSeen) {
  HttpRequestCounter counter;
  EXPECT_EQ(text_of(counter), "");
  counter.add("/query", "POST", 200);
  counter.add("/query", "POST", 200);
  counter.add("/documents/{id}", "GET", 404);
  EXPECT_EQ(text_of(counter),
            "# HELP rag_http_requests_total HTTP answers.\n"
            "# TYPE rag_http_requests_total counter\n"
            "rag_http_requests_total{route=\"/query\",method=\"POST\",code=\"200\"} 2\n"
            "rag_http_requests_total{route=\"/documents/{id}\",method=\"GET\",code=\"404\"} 1\n");
}

TEST(HttpRequestCounter, CountsByEndpointWhatItCountsByName) {
  HttpRequestCounter counter;
  HttpRequestCounter::Endpoint query("/query", "POST");
  HttpRequestCounter::Endpoint brew("/query", "BREW");
  for (int round = 0; round < 3; ++round) {
    // 216 has the low bits of 200; 0 is what an endpoint remembers at first.
    for (const unsigned code : {200U, 216U, 429U, 200U, 0U}) counter.add(query, code);
    counter.add("/query", "POST", 200);
    counter.add(brew, 200);
  }
  EXPECT_EQ(counter.value("/query", "POST", 200), 9U);
  EXPECT_EQ(counter.value("/query", "POST", 216), 3U);
  EXPECT_EQ(counter.value("/query", "POST", 429), 3U);
  EXPECT_EQ(counter.value("/query", "POST", 0), 3U);
  EXPECT_EQ(counter.value("/query", "other", 200), 3U);
}

TEST(HttpRequestCounter, CountsEndpointsBeyondTheCapAsOther) {
  HttpRequestCounter counter;
  for (unsigned i = 0; i < HttpRequestCounter::kCombinations; ++i)
    counter.add("/route" + std::to_string(i), "GET", 200);
  HttpRequestCounter::Endpoint late("/late", "GET");
  counter.add(late, 200);
  counter.add(late, 200);
  EXPECT_EQ(counter.value("/late", "GET", 200), 0U);
  EXPECT_EQ(counter.value("other", "other", 200), 2U);
}

TEST(HttpRequestCounter, LosesNothingWhenThreadsShareAnEndpoint) {
  HttpRequestCounter counter;
  HttpRequestCounter::Endpoint endpoint("/query", "POST");
  constexpr unsigned kThreads = 4;
  constexpr unsigned kRounds = 4'000;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (unsigned i = 0; i < kRounds; ++i) counter.add(endpoint, i % 2 == 0 ? 200 : 216);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value("/query", "POST", 200), kThreads * kRounds / 2);
  EXPECT_EQ(counter.value("/query", "POST", 216), kThreads * kRounds / 2);
}

TEST(HttpRequestCounter, CountsAnUnknownMethodAsOther) {
  HttpRequestCounter counter;
  counter.add("other", "BREW\"} 1\n", 405);
  EXPECT_EQ(counter.value("other", "other", 405), 1U);
}

TEST(HttpRequestCounter, CountsWhatComesAfterTheCapAsOther) {
  HttpRequestCounter counter;
  for (unsigned i = 0; i < 10'000; ++i) counter.add("/route" + std::to_string(i), "GET", 200);
  EXPECT_EQ(counter.value("/route63", "GET", 200), 1U);
  EXPECT_EQ(counter.value("/route64", "GET", 200), 0U);
  EXPECT_EQ(counter.value("other", "other", 200), 10'000U - HttpRequestCounter::kCombinations);
}

TEST(HttpRequestCounter, IsBoundedEvenInCodes) {
  HttpRequestCounter counter;
  for (unsigned i = 0; i < 10'000; ++i) counter.add("/route" + std::to_string(i), "GET", i);
  const std::string text = text_of(counter);
  EXPECT_LE(lines_in(text), 100);
  EXPECT_NE(text.find("{route=\"other\",method=\"other\",code=\"other\"} 9908\n"), std::string::npos) << text;
}

TEST(HttpRequestCounter, LosesNothingWhenThreadsMeetNewCombinationsTogether) {
  HttpRequestCounter counter;
  constexpr unsigned kThreads = 8;
  constexpr unsigned kRounds = 2'000;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (unsigned i = 0; i < kRounds; ++i) {
        counter.add("/route" + std::to_string(i % 20), i % 2 == 0 ? "GET" : "POST", 200 + i % 3);
      }
    });
  }
  for (unsigned i = 0; i < 100; ++i) EXPECT_LE(lines_in(text_of(counter)), 2 + 60);
  for (std::thread& thread : threads) thread.join();
  std::uint64_t total = 0;
  for (unsigned i = 0; i < 60; ++i) {
    total += counter.value("/route" + std::to_string(i % 20), i % 2 == 0 ? "GET" : "POST", 200 + i % 3);
  }
  EXPECT_EQ(total, std::uint64_t{kThreads} * kRounds);
}

}  // namespace
}  // namespace ragd::obs
