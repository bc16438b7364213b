#include "net/http_client.hpp"

#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::net {
namespace {

using std::chrono::milliseconds;

BaseUrl url_of(std::uint16_t port) {
  return parse_base_url("http://127.0.0.1:" + std::to_string(port)).value();
}

TEST(BaseUrl, IsSplitIntoHostAndPort) {
  const BaseUrl url = parse_base_url("http://[::1]:8000/").value();
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "8000");
  EXPECT_EQ(url.authority, "[::1]:8000");
  EXPECT_EQ(parse_base_url("http://localhost").value().port, "80");
}

TEST(BaseUrl, SaysWhatIsWrong) {
  EXPECT_NE(parse_base_url("https://h").error().detail.find("https"), std::string::npos);
  EXPECT_NE(parse_base_url("localhost:8000").error().detail.find("does not begin with http://"), std::string::npos);
  for (const char* url : {"http://", "http://h/path", "http://u@h", "http://h:port"}) {
    EXPECT_NE(parse_base_url(url).error().detail.find("http://host:port"), std::string::npos) << url;
  }
}

TEST(HttpClient, FetchesOverOneConnection) {
  TestServer server;
  HttpClient client(url_of(server.port()));
  for (int i = 0; i < 3; ++i) {
    const auto response = client.fetch({.method = "POST", .target = "/p", .headers = {}, .body = "hello"});
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200U);
    EXPECT_NE(response->body.find("POST /p 127.0.0.1:"), std::string::npos);
    EXPECT_NE(response->body.find(" hello"), std::string::npos);
    EXPECT_EQ(response->header("content-type"), "text/plain");
  }
  EXPECT_EQ(server.metrics.connections_accepted.value(), 1U);
}

TEST(HttpClient, ConnectsAnewWhenTheServerHasClosed) {
  HttpSettings settings = patient_settings();
  settings.idle_timeout = milliseconds(20);
  TestServer server(settings);
  HttpClient client(url_of(server.port()));
  EXPECT_EQ(client.fetch({})->status, 200U);
  EXPECT_TRUE(server.listener().wait_until_closed(std::chrono::steady_clock::now() + std::chrono::seconds(20)));
  EXPECT_EQ(client.fetch({})->status, 200U);
  EXPECT_EQ(server.metrics.connections_accepted.value(), 2U);
}

TEST(HttpClient, TakesAnEarlyRefusalForAnAnswer) {
  TestServer server;
  HttpClient client(url_of(server.port()));
  const auto response =
      client.fetch({.method = "POST", .target = "/", .headers = {}, .body = std::string(20U << 20, 'x')});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 413U);
}

TEST(HttpClient, AsksWhetherRagdServesThere) {
  std::uint16_t port = 0;
  {
    const TestServer server;
    port = server.port();
  }
  HttpClient client(url_of(port));
  const auto response = client.fetch({});
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().detail,
            "cannot reach http://127.0.0.1:" + std::to_string(port) + ": connection refused; is ragd serving there?");
}

TEST(HttpClient, GivesUpInTime) {
  TestServer server;
  HttpClient client(url_of(server.port()), {.timeout = milliseconds(50)});
  // A head that promises a body which never comes.
  const auto response =
      client.fetch({.method = "POST", .target = "/", .headers = {{"Content-Length", "9"}}, .body = ""});
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

TEST(HttpClient, BoundsTheAnswer) {
  TestServer server;
  HttpClient client(url_of(server.port()), {.max_body_bytes = 1000});
  const auto response = client.fetch({.target = "/big"});
  ASSERT_TRUE(response.has_error());
  EXPECT_NE(response.error().detail.find("larger answer than allowed"), std::string::npos);
}

}  // namespace
}  // namespace ragd::net
