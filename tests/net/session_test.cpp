// Keep-alive, pipelining, early answers, time limits and drain, over real sockets.
#include "net/raw_client.hpp"
#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::net {
namespace {

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Session, AnswersAndKeepsTheConnection) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "GET /a h ");
    EXPECT_FALSE(answer.has("Connection:"));
    EXPECT_TRUE(answer.has("\r\nDate: "));
  }
}

}  // namespace
}  // namespace ragd::net
