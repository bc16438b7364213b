#include "load/target.hpp"

#include "load/canned_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ragd::load {
namespace {

using namespace std::chrono_literals;

net::BaseUrl url_of(const CannedServer& server) {
  sockaddr_in address{};
  std::memcpy(&address, &server.target().address, sizeof address);
  return *net::parse_base_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
}

std::optional<std::string> silence(std::size_t /*n*/, std::string_view /*request*/) {
  return "";
}

TEST(Target, IsReachedWhereAServerListens) {
  const CannedServer server(silence);
  const auto target = Target::reach(url_of(server), 10s);
  ASSERT_TRUE(target);
  EXPECT_EQ(std::memcmp(&target->address, &server.target().address, sizeof(sockaddr_in)), 0);
}

TEST(Target, SaysWhyItCannotBeReached) {
  net::BaseUrl url;
  {
    const CannedServer server(silence);
    url = url_of(server);
  }
  const auto refused = Target::reach(url, 10s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "cannot reach " + url.text + ": Connection refused; is a server running there?");
  const auto unknown = Target::reach(*net::parse_base_url("http://no.such.host.invalid:80"), 10s);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().detail, testing::HasSubstr("cannot reach http://no.such.host.invalid:80: "));
}

}  // namespace
}  // namespace ragd::load
