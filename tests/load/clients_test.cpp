#include "load/requests.hpp"

#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::load {
namespace {

RequestSpec get_for(std::size_t clients) {
  RequestSpec spec;
  spec.authority = "127.0.0.1:8000";
  spec.path = "/health";
  spec.get = true;
  spec.clients = clients;
  return spec;
}

TEST(Clients, EachHasItsOwnAddressInAWholeRequest) {
  const auto set = RequestSet::make(get_for(70'000));
  ASSERT_TRUE(set);
  ASSERT_EQ(70'000U, set->size());
  EXPECT_EQ("GET /health HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nX-Forwarded-For: 10.0.0.0\r\n\r\n", (*set)[0]);
  EXPECT_EQ("GET /health HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nX-Forwarded-For: 10.1.17.111\r\n\r\n", (*set)[69'999]);
  std::set<std::string> distinct;
  for (std::size_t i = 0; i < set->size(); ++i) distinct.emplace((*set)[i]);
  EXPECT_EQ(70'000U, distinct.size());
}

std::vector<std::string_view> asked(Asker asker, std::size_t count) {
  std::vector<std::string_view> requests(count);
  for (std::string_view& request : requests) request = asker.next();
  return requests;
}

std::size_t distinct(const std::vector<std::string_view>& requests) {
  return std::set<std::string_view>(requests.begin(), requests.end()).size();
}

TEST(Clients, OfAShortRunAreDrawnFromAllOfThem) {
  const auto set = RequestSet::make(get_for(100'000));
  ASSERT_TRUE(set);
  const auto requests = asked(Asker(*set, 1, 0, 1, false), 1'000);
  EXPECT_GT(distinct(requests), 980U);  // about five are drawn twice
  const auto highest = std::max_element(requests.begin(), requests.end(),
                                        [](std::string_view a, std::string_view b) { return a.data() < b.data(); });
  EXPECT_GT(highest->data(), (*set)[95'000].data()) << "the last ones are asked for too";
}

TEST(Clients, AllAskSoonerOrLater) {
  const auto set = RequestSet::make(get_for(10));
  ASSERT_TRUE(set);
  EXPECT_EQ(distinct(asked(Asker(*set, 1, 0, 1, false), 200)), 10U);
}

TEST(Clients, ComeInTheSameOrderFromTheSameSeed) {
  const auto set = RequestSet::make(get_for(1'000));
  ASSERT_TRUE(set);
  EXPECT_EQ(asked(Asker(*set, 7, 0, 1, false), 100), asked(Asker(*set, 7, 0, 1, false), 100));
  EXPECT_NE(asked(Asker(*set, 7, 0, 1, false), 100), asked(Asker(*set, 8, 0, 1, false), 100));
}

TEST(Clients, AskInTurnToWarmTheServer) {
  const auto set = RequestSet::make(get_for(1'000));
  ASSERT_TRUE(set);
  EXPECT_EQ(distinct(asked(Asker(*set, 1, 0, 1, true), 1'000)), 1'000U);
}

TEST(Clients, NoHeaderIsSentWithoutThem) {
  const auto set = RequestSet::make(get_for(0));
  ASSERT_TRUE(set);
  ASSERT_EQ(1U, set->size());
  EXPECT_EQ(std::string_view::npos, (*set)[0].find("X-Forwarded-For"));
}

TEST(Clients, GoWithOneFixedRequestOnly) {
  RequestSpec spec = get_for(2);
  spec.get = false;
  spec.questions = "zipf:10,1";
  const auto set = RequestSet::make(spec);
  ASSERT_FALSE(set);
  EXPECT_EQ("--clients goes with --body or --get", set.error().detail);
}

TEST(Clients, ABodyForEachThatMakesMoreThanAGibibyteIsRefused) {
  const fakes::TemporaryFolder folder;
  RequestSpec spec = get_for(1'000'000);
  spec.get = false;
  spec.body_file = folder.write("body", std::string(1'000, 'x'));
  const auto set = RequestSet::make(spec);
  ASSERT_FALSE(set);
  EXPECT_EQ(
      "--clients: 1000000 requests with a body of 1000 bytes take more than 1 GiB: fewer clients or a smaller body",
      set.error().detail);
  spec.clients = 1'000;
  EXPECT_TRUE(RequestSet::make(spec));
}

TEST(Clients, MoreThanAMillionAreRefused) {
  EXPECT_FALSE(RequestSet::make(get_for(1'000'001)));
}

}  // namespace
}  // namespace ragd::load
