#include "base/host_port.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

namespace ragd::base {
namespace {

TEST(HostPort, ReadsNamesAndBothAddressFamilies) {
  EXPECT_EQ(parse_host_port("127.0.0.1:8000")->host, "127.0.0.1");
  EXPECT_EQ(parse_host_port("127.0.0.1:8000")->port, 8000);
  EXPECT_EQ(parse_host_port("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_host_port("localhost:65535")->port, 65535);
}

TEST(HostPort, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"", ":80", "host", "host:", "host:65536", "host:-1", "host:80x", "::1:80",
                                      "[h]:80", "[::1]", "a b:80", "http://h:80", "u@h:80", "[]:80"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(HostPort, WritesBracketsWhereTheyAreNeeded) {
  EXPECT_EQ(format_host_port({"::1", 80}), "[::1]:80");
  EXPECT_EQ(format_host_port({"10.0.0.1", 80}), "10.0.0.1:80");
}

}  // namespace
}  // namespace ragd::base
