#include "load/requests.hpp"

#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace ragd::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Requests : public testing::Test {
 protected:
  std::string file(const std::string& contents) const { return folder_.write("input", contents); }

  static RequestSpec spec() {
    RequestSpec spec;
    spec.authority = "h:1";
    return spec;
  }

  static RequestSpec asking(const std::string& questions) {
    RequestSpec made = spec();
    made.questions = questions;
    return made;
  }

  static std::string fault(const RequestSpec& spec) {
    const auto set = RequestSet::make(spec);
    return set ? "it was accepted" : set.error().detail;
  }

  fakes::TemporaryFolder folder_;
};

std::vector<std::string> drawn(Asker asker, std::size_t count) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < count; ++i) requests.emplace_back(asker.next());
  return requests;
}

TEST_F(Requests, AreWholeMessages) {
  RequestSpec with_key = asking(file("What is \"RAG\"?\n"));
  with_key.api_key = "secret";
  with_key.cache = "bypass";
  const auto set = RequestSet::make(with_key);
  ASSERT_TRUE(set);
  EXPECT_EQ((*set)[0],
            "POST /query HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer secret\r\nContent-Type: application/json\r\n"
            "Content-Length: 48\r\n\r\n{\"question\":\"What is \\\"RAG\\\"?\",\"cache\":\"bypass\"}");
}

TEST_F(Requests, CanBeGets) {
  RequestSpec get = spec();
  get.get = true;
  get.path = "/health";
  EXPECT_EQ((*RequestSet::make(get))[0], "GET /health HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

TEST_F(Requests, TakeABodyAsItIs) {
  RequestSpec fixed = spec();
  fixed.body_file = file("{\"x\": 1}\n");
  EXPECT_THAT(std::string((*RequestSet::make(fixed))[0]), HasSubstr("Content-Length: 9\r\n\r\n{\"x\": 1}\n"));
}

TEST_F(Requests, AskTheSearchForAQuery) {
  RequestSpec search = asking(file("tiles"));
  search.path = "/search";
  EXPECT_THAT(std::string((*RequestSet::make(search))[0]), HasSubstr("{\"query\":\"tiles\"}"));
}

TEST_F(Requests, OfAFileComeOneALineInTurn) {
  const auto set = RequestSet::make(asking(file("one\n\n  two \r\nthree")));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->size(), 3U);
  const auto asked = drawn(Asker(*set, 1, 0, 1, false), 4);
  EXPECT_THAT(asked, ElementsAre(HasSubstr("one"), HasSubstr("two"), HasSubstr("three"), HasSubstr("one")));
}

TEST_F(Requests, AreDealtOutToThreadsWithoutOverlap) {
  const auto set = RequestSet::make(asking("zipf:10,1"));
  ASSERT_TRUE(set);
  std::multiset<std::string> asked;
  for (unsigned thread = 0; thread < 2; ++thread) {
    for (auto& request : drawn(Asker(*set, 1, thread, 2, true), 5)) asked.insert(std::move(request));
  }
  EXPECT_EQ(asked.size(), 10U);
  EXPECT_EQ(std::set<std::string>(asked.begin(), asked.end()).size(), 10U);
}

TEST_F(Requests, MadeUpAreDistinct) {
  const auto set = RequestSet::make(asking("zipf:1000,1"));
  ASSERT_TRUE(set);
  std::set<std::string_view> distinct;
  for (std::size_t i = 0; i < set->size(); ++i) distinct.insert((*set)[i]);
  EXPECT_EQ(distinct.size(), 1000U);
}

TEST_F(Requests, ComeInTheSameOrderFromTheSameSeed) {
  const auto set = RequestSet::make(asking("zipf:1000,1"));
  ASSERT_TRUE(set);
  EXPECT_EQ(drawn(Asker(*set, 7, 0, 1, false), 100), drawn(Asker(*set, 7, 0, 1, false), 100));
  EXPECT_NE(drawn(Asker(*set, 7, 0, 1, false), 100), drawn(Asker(*set, 8, 0, 1, false), 100));
  EXPECT_NE(drawn(Asker(*set, 7, 0, 2, false), 100), drawn(Asker(*set, 7, 1, 2, false), 100));
}

TEST_F(Requests, NameTheFlagThatIsAtFault) {
  for (const char* zipf : {"zipf:", "zipf:0,1", "zipf:5", "zipf:5,", "zipf:5,x", "zipf:1000001,1", "zipf:5,-1",
                           "zipf:5,nan", "zipf:5,11", "zipf:5,1 "}) {
    EXPECT_THAT(fault(asking(zipf)), HasSubstr("is not zipf:N,s with N from 1 to 1000000")) << zipf;
  }
  EXPECT_THAT(fault(asking("/no/such")), StartsWith("--questions: '/no/such' cannot be read"));
  EXPECT_THAT(fault(asking(file("\n \n"))), HasSubstr("has no question in it"));
  EXPECT_THAT(fault(asking(file("ok\n\xFF\n"))), HasSubstr("line 2 is not UTF-8"));
  EXPECT_THAT(fault(asking(file(std::string(8193, 'x')))), HasSubstr("line 1 is longer than 8192 bytes"));
  RequestSpec body = spec();
  body.body_file = "/no/such";
  EXPECT_THAT(fault(body), StartsWith("--body: '/no/such' cannot be read"));
}

/// All 64 bits matter, in a fixed order that is good enough to count with.
std::vector<double> frequencies(const ZipfTable& table, std::size_t n, std::size_t draws) {
  std::vector<double> seen(n);
  std::uint64_t random = 1;
  for (std::size_t i = 0; i < draws; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    seen[table.draw((random ^ (random >> 32U)) * 0x9E3779B97F4A7C15ULL)] += 1.0 / static_cast<double>(draws);
  }
  return seen;
}

TEST(ZipfTable, DrawsTheKthQuestionWithWeightOneOverKToTheS) {
  constexpr std::size_t kN = 100;
  constexpr std::size_t kDraws = 1'000'000;
  for (const double s : {0.0, 0.8, 1.0, 2.0}) {
    const auto seen = frequencies(ZipfTable(kN, s), kN, kDraws);
    double total = 0;
    for (std::size_t k = 1; k <= kN; ++k) total += std::pow(static_cast<double>(k), -s);
    for (std::size_t k = 1; k <= kN; ++k) {
      const double p = std::pow(static_cast<double>(k), -s) / total;
      const double deviation = std::sqrt(p * (1 - p) / kDraws);
      EXPECT_NEAR(seen[k - 1], p, 5 * deviation) << "rank " << k << ", s " << s;
    }
  }
}

TEST(ZipfTable, OfOneQuestionAlwaysDrawsIt) {
  const ZipfTable table(1, 1);
  EXPECT_EQ(table.draw(0), 0U);
  EXPECT_EQ(table.draw(UINT64_MAX), 0U);
}

}  // namespace
}  // namespace ragd::load
