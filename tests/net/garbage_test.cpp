// Random bytes, seeded: whatever comes, the server answers each connection boundedly often, closes, and lives on.
#include "net/raw_client.hpp"
#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {
namespace {

constexpr int kRounds = 400;

void expect_alive(TestServer& server) {
  RawClient client(server.port());
  client.send("GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{200});
}

TEST(Garbage, GetsAtMostOneAnswer) {
  TestServer server;
  std::mt19937 random(20260101);
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes(1 + random() % 300, '\0');
    std::generate(bytes.begin(), bytes.end(), [&random] { return static_cast<char>(random()); });
    RawClient client(server.port());
    client.send(bytes);
    client.half_close();
    EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{400}) << "round " << round;
  }
  expect_alive(server);
}

TEST(Garbage, MadeOfHttpPiecesNeverBreaksTheServer) {
  constexpr std::array<std::string_view, 24> kPieces{
      "GET ",
      "POST ",
      "/a",
      " HTTP/1.1",
      " HTTP/1.0",
      "\r\n",
      "\r\n\r\n",
      "\n",
      "\r",
      "Host: h\r\n",
      "Host: ",
      "Content-Length: 5\r\n",
      "Content-Length: ",
      "Transfer-Encoding: chunked\r\n",
      "5\r\nhello\r\n",
      "0\r\n\r\n",
      "0\r\n",
      "hello",
      ";x=\"",
      " ",
      ":",
      "Expect: 100-continue\r\n",
      "Connection: close\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"};
  TestServer server;
  std::mt19937 random(20260102);
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes;
    for (std::size_t pieces = 1 + random() % 20; pieces > 0; --pieces) bytes += kPieces[random() % kPieces.size()];
    RawClient client(server.port());
    client.send(bytes);
    client.half_close();
    const std::vector<unsigned> statuses = client.read_statuses();
    EXPECT_TRUE(client.ended());
    // After an error nothing more is answered.
    const auto error = std::find_if(statuses.begin(), statuses.end(), [](unsigned status) { return status >= 400; });
    EXPECT_LE(statuses.end() - error, 1) << "round " << round << ": " << bytes;
  }
  expect_alive(server);
}

}  // namespace
}  // namespace ragd::net
