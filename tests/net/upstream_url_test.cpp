#include "net/upstream_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ragd::net {
namespace {

TEST(UpstreamUrl, IsSplitIntoItsParts) {
  const UpstreamUrl url = UpstreamUrl::parse("https://api.example:8443/v1/").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "api.example");
  EXPECT_EQ(url.port, "8443");
  EXPECT_EQ(url.authority, "api.example:8443");
  EXPECT_EQ(url.path, "/v1");
  EXPECT_EQ(url.origin, "https://api.example:8443");
}

TEST(UpstreamUrl, KnowsTheSchemesPorts) {
  EXPECT_EQ(UpstreamUrl::parse("http://h").value().port, "80");
  EXPECT_EQ(UpstreamUrl::parse("HTTPS://h/").value().port, "443");
  EXPECT_EQ(UpstreamUrl::parse("https://h:/v1").value().port, "443");
  EXPECT_EQ(UpstreamUrl::parse("https://h").value().path, "");
}

TEST(UpstreamUrl, TakesIpv6AddressesOutOfTheirBrackets) {
  const UpstreamUrl url = UpstreamUrl::parse("http://[::1]:6333/a/b").value();
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "6333");
  EXPECT_EQ(url.authority, "[::1]:6333");
  EXPECT_EQ(url.path, "/a/b");
}

TEST(UpstreamUrl, RefusesWhatItCannotSpeakToOrShouldNotHold) {
  for (const char* text : {"", "h:80", "ftp://h", "http://", "http:///v1", "http://h:port", "http://a b",
                           "http://h/a b", "http://h/v1?key=x", "http://h/v1#x", "http://[::1", "http://h/\xc3\xa9"}) {
    EXPECT_TRUE(UpstreamUrl::parse(text).has_error()) << text;
  }
  const auto refused = UpstreamUrl::parse("https://user:secret@h/v1");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().detail, "must not hold a user name or password");
}

}  // namespace
}  // namespace ragd::net
