#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ragd::base {
namespace {

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
const std::string& parent_header() {
  static const std::string header = "00-" + std::string(kTrace) + "-b7ad6b7169203331-01";
  return header;
}

TEST(Uuid, HasTheShapeOfVersionFour) {
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(std::regex_match(uuid_v4(), shape));
}

TEST(Uuid, IsNewEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(uuid_v4());
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(RandomHex, IsUniqueOverThreads) {
  std::set<std::string> seen;
  std::mutex mutex;
  constexpr std::size_t kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&seen, &mutex] {
      for (int i = 0; i < 1'000; ++i) {
        std::string id;
        assign_random_hex_128(id);
        const std::lock_guard lock(mutex);
        seen.insert(id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), kThreads * 1'000);
  for (const auto& id : seen) {
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST(RequestId, KeepsHarmlessOnes) {
  EXPECT_TRUE(is_request_id("a"));
  EXPECT_TRUE(is_request_id("AZaz09._-"));
  EXPECT_TRUE(is_request_id(std::string(128, 'x')));
  EXPECT_TRUE(is_request_id(uuid_v4()));
}

TEST(RequestId, RefusesEmptyLongAndDangerousOnes) {
  EXPECT_FALSE(is_request_id(""));
  EXPECT_FALSE(is_request_id(std::string(129, 'x')));
  for (const std::string_view bad : {"a b", "a\n", "a\r\nx: y", "a\"", "a/b", "ä", "a;b", "a@b", "a[b", "a`b", "a{b"}) {
    EXPECT_FALSE(is_request_id(bad)) << bad;
  }
  EXPECT_FALSE(is_request_id(std::string_view("a\0", 2)));
}

TEST(Traceparent, GivesItsTraceId) {
  EXPECT_EQ(trace_id_of(parent_header()), kTrace);
}

TEST(Traceparent, AcceptsLaterVersionsWithMoreFields) {
  EXPECT_EQ(trace_id_of("01" + parent_header().substr(2) + "-extra"), kTrace);
  EXPECT_EQ(trace_id_of("cc" + parent_header().substr(2)), kTrace);
}

TEST(Traceparent, RefusesWhatTheStandardRefuses) {
  const auto with = [](std::size_t at, char c) {
    std::string changed = parent_header();
    changed[at] = c;
    return changed;
  };
  EXPECT_EQ(trace_id_of(""), "");
  EXPECT_EQ(trace_id_of(parent_header() + "-extra"), "");                             // version 00 has no more fields
  EXPECT_EQ(trace_id_of("01" + parent_header().substr(2) + "extra"), "");             // no dash before the addition
  EXPECT_EQ(trace_id_of("ff" + parent_header().substr(2)), "");                       // forbidden version
  EXPECT_EQ(trace_id_of(parent_header().substr(0, parent_header().size() - 1)), "");  // too short
  EXPECT_EQ(trace_id_of("00-00000000000000000000000000000000-b7ad6b7169203331-01"), "");
  EXPECT_EQ(trace_id_of("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"), "");
  EXPECT_EQ(trace_id_of(with(5, 'F')), "");  // upper case
  EXPECT_EQ(trace_id_of(with(40, 'g')), "");
  EXPECT_EQ(trace_id_of(with(53, 'x')), "");
  for (const std::size_t dash : {2U, 35U, 52U}) EXPECT_EQ(trace_id_of(with(dash, '_')), "");
}

}  // namespace
}  // namespace ragd::base
