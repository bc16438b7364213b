#include "load/requests.hpp"

#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

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

TEST(Clients, AskInTurn) {
  const auto set = RequestSet::make(get_for(3));
  ASSERT_TRUE(set);
  Asker asker(*set, 1, 0, 1, false);
  const std::string first(asker.next());
  EXPECT_NE(first, asker.next());
  EXPECT_NE(first, asker.next());
  EXPECT_EQ(first, asker.next());
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
