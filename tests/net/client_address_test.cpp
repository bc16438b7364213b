#include "net/client_address.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace ragd::net {
namespace {

namespace ip = boost::asio::ip;

const std::vector<std::string> kProxies{"10.0.0.0/8", "fd00::/8"};

ClientAddress client_of(const char* peer, std::initializer_list<std::string_view> forwarded) {
  HttpRequest request;
  request.peer = ip::make_address(peer);
  for (const std::string_view value : forwarded) request.headers.push_back({"x-forwarded-for", value});
  return client_address(request, parse_address_blocks(kProxies).value());
}

std::string text_of(const char* peer, std::initializer_list<std::string_view> forwarded) {
  return client_of(peer, forwarded).address.to_string();
}

TEST(ClientAddress, IsThePeerWhereNoProxyIsTrusted) {
  EXPECT_EQ(text_of("192.0.2.1", {}), "192.0.2.1");
  const ClientAddress client = client_of("192.0.2.1", {"198.51.100.7"});
  EXPECT_EQ(client.address.to_string(), "192.0.2.1");
  EXPECT_TRUE(client.ignored_forwarding);
}

TEST(ClientAddress, IsTheRightmostHopThatIsNotTrusted) {
  EXPECT_EQ(text_of("10.0.0.1", {"198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(text_of("10.0.0.1", {"203.0.113.9, 198.51.100.7, 10.0.0.2"}), "198.51.100.7");
  EXPECT_EQ(text_of("fd00::1", {"2001:db8::5, fd00::2"}), "2001:db8::5");
  EXPECT_FALSE(client_of("10.0.0.1", {"198.51.100.7"}).ignored_forwarding);
}

TEST(ClientAddress, ReadsSeveralFieldsAsOneList) {
  EXPECT_EQ(text_of("10.0.0.1", {"203.0.113.9", "198.51.100.7", "10.0.0.2,10.0.0.3"}), "198.51.100.7");
}

TEST(ClientAddress, IsTheFirstHopWhereAllAreTrusted) {
  EXPECT_EQ(text_of("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
}

TEST(ClientAddress, StopsAtTheLastKnownHopBeforeGarbage) {
  EXPECT_EQ(text_of("10.0.0.1", {"203.0.113.9, unknown"}), "10.0.0.1");
  EXPECT_EQ(text_of("10.0.0.1", {"203.0.113.9, , 10.0.0.2"}), "10.0.0.2");
  EXPECT_EQ(text_of("10.0.0.1", {""}), "10.0.0.1");
  EXPECT_EQ(text_of("10.0.0.1", {"[::1"}), "10.0.0.1");
  EXPECT_EQ(text_of("10.0.0.1", {"fe80::1%eth0"}), "10.0.0.1");
}

TEST(ClientAddress, UnderstandsPortsAndBrackets) {
  EXPECT_EQ(text_of("10.0.0.1", {"198.51.100.7:4711"}), "198.51.100.7");
  EXPECT_EQ(text_of("10.0.0.1", {"[2001:db8::5]:4711"}), "2001:db8::5");
  EXPECT_EQ(text_of("10.0.0.1", {" [2001:db8::5] "}), "2001:db8::5");
  EXPECT_EQ(text_of("10.0.0.1", {"2001:db8::5"}), "2001:db8::5");
}

TEST(ClientAddress, TakesMappedAddressesForTheirIpv4) {
  EXPECT_EQ(text_of("::ffff:10.0.0.1", {"::ffff:198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(text_of("::ffff:192.0.2.1", {}), "192.0.2.1");
}

TEST(ClientAddress, CountsAnIpv6NetworkAsOneClient) {
  const auto network = [](const char* text) { return client_network(ip::make_address(text)); };
  EXPECT_EQ(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
  EXPECT_NE(network("192.0.2.1"), network("192.0.2.2"));
  EXPECT_EQ(network("192.0.2.1"), network("::ffff:192.0.2.1"));
  EXPECT_EQ(client_network(ip::make_address("2001:db8:1:2:3::1")).to_string(), "2001:db8:1:2::");
}

TEST(AddressBlock, ContainsWhatSharesItsPrefix) {
  const auto contains = [](const char* block, const char* address) {
    return AddressBlock::parse(block).value().contains(ip::make_address(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(AddressBlock, SaysWhatIsWrongWithATypo) {
  const auto detail = [](const char* block) { return AddressBlock::parse(block).error().detail; };
  EXPECT_EQ(detail("10.0.0/8"), "'10.0.0/8' is not an IP address or a CIDR block such as 10.0.0.0/8");
  EXPECT_EQ(detail("10.0.0.0/33"), "'10.0.0.0/33' has no prefix length from 0 to 32 behind its slash");
  EXPECT_EQ(detail("10.0.0.0/"), "'10.0.0.0/' has no prefix length from 0 to 32 behind its slash");
  EXPECT_EQ(detail("::/129"), "'::/129' has no prefix length from 0 to 128 behind its slash");
  EXPECT_EQ(detail("10.0.0.1/8"), "'10.0.0.1/8' has bits set behind its prefix (did you mean 10.0.0.0/8?)");
}

}  // namespace
}  // namespace ragd::net
