// What a connection does over time: keep-alive, interim answers, early answers, time limits, drain.
#include "net/raw_client.hpp"
#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ragd::net {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr milliseconds kTiny{50};

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
    EXPECT_TRUE(answer.has("\r\nContent-Type: text/plain\r\n"));
  }
}

TEST(Session, HandsOverBodiesOfEachFramingWhole) {
  TestServer server;
  RawClient client(server.port());
  const std::string large(60'000, 'b');
  client.send("POST /p?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.read_answer().body, "POST /p?q=1 h hello");
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /p h hello");
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + large);
  EXPECT_EQ(client.read_answer().body, "POST /p h " + large);
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n" + large + "\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /p h " + large);
}

TEST(Session, AnswersInOrderWhatTakesTimeAndWhatDoesNot) {
  TestServer server;
  RawClient client(server.port());
  std::string pipeline;
  for (int i = 0; i < 20; ++i) {
    pipeline +=
        std::string("GET ") + (i % 3 == 0 ? "/later/" : "/") + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  client.send(pipeline);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.read_answer().body, std::string(i % 3 == 0 ? "GET /later/" : "GET /") + std::to_string(i) + " h ");
  }
}

TEST(Session, AnswersAPipelineInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string pipeline;
  for (int i = 0; i < 50; ++i) pipeline += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(pipeline);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_answer().body, "GET /" + std::to_string(i) + " h ");
}

TEST(Session, OverridesHostByAnAbsoluteTarget) {
  TestServer server;
  RawClient client(server.port());
  client.send("GET http://other:81/x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "GET /x other:81 ");
}

TEST(Session, TellsAHeadRequestTheLengthButNotTheBody) {
  TestServer server;
  RawClient client(server.port());
  client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" + kGet);
  const RawAnswer to_head = client.read_answer(true);
  EXPECT_EQ(to_head.status, 200U);
  EXPECT_TRUE(to_head.has("\r\nContent-Length: 10\r\n"));
  EXPECT_EQ(client.read_answer().body, "GET /a h ");
}

TEST(Session, SendsNeitherBodyNorLengthWith204) {
  TestServer server;
  RawClient client(server.port());
  client.send("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n" + kGet);
  const RawAnswer empty = client.read_answer();
  EXPECT_EQ(empty.status, 204U);
  EXPECT_FALSE(empty.has("Content-"));
  EXPECT_EQ(client.read_answer().body, "GET /a h ");
}

TEST(Session, AnnouncesWhatBecomesOfTheConnection) {
  TestServer server;
  RawClient client(server.port());
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(client.read_answer().has("\r\nConnection: keep-alive\r\n"));
  client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_answer().has("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.is_closed());
}

TEST(Session, SaysContinueOnceTheRequestIsAdmitted) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100U);
  client.send("hello");
  EXPECT_EQ(client.read_answer().body, "POST /a h hello");
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100U);
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 200U);
}

TEST(Session, DoesNotSayContinueWhenTheBodyIsThere) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  EXPECT_EQ(client.read_answer().status, 200U);
}

TEST(Session, ClosesAfterRefusingAnExpectedBody) {
  TestServer server;
  for (const char* head : {"POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
                           "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n"}) {
    RawClient client(server.port());
    client.send(head);
    const std::vector<unsigned> statuses = client.read_statuses();
    ASSERT_EQ(statuses.size(), 1U);
    EXPECT_TRUE(statuses[0] == 429 || statuses[0] == 413);
  }
}

TEST(Session, LetsAnEarlyRefusalReachAClientThatSendsOn) {
  TestServer server;
  RawClient client(server.port());
  // Far more than both sockets' buffers hold: without lingering the answer would be lost to a reset.
  const std::string flood(20U << 20, 'x');
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20971520\r\n\r\n");
  EXPECT_TRUE(client.send(flood));
  EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{413});
}

TEST(Session, AnswersAClientThatHasClosedItsHalf) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  client.half_close();
  EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{200});
}

TEST(Session, RefusesAMessageThatEndsInTheMiddle) {
  TestServer server;
  for (const std::string bytes : {"GET /a HT", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel",
                                  "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"}) {
    RawClient client(server.port());
    client.send(bytes);
    client.half_close();
    EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{400});
  }
}

TEST(Session, TellsTheHandlerOfAClientThatLeftAmidItsBody) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100U);
  client.reset();
  EXPECT_FALSE(server.handler.end(0).delivered);
}

TEST(Session, CutsAHeadThatTakesTooLongInSum) {
  HttpSettings settings = patient_settings();
  settings.header_timeout = kTiny;
  TestServer server(settings);
  RawClient client(server.port());
  // A byte now and then keeps a limit per read at bay, but not one for the whole.
  do {
    client.send("G");
  } while (!client.readable_within(5));
  EXPECT_EQ(client.read_answer().status, 408U);
}

TEST(Session, ClosesAFreshConnectionThatStaysSilent) {
  HttpSettings settings = patient_settings();
  settings.header_timeout = kTiny;
  TestServer server(settings);
  RawClient client(server.port());
  EXPECT_TRUE(client.is_closed());
}

TEST(Session, CutsABodyThatTakesTooLongInSum) {
  HttpSettings settings = patient_settings();
  settings.body_timeout = kTiny;
  TestServer server(settings);
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  do {
    client.send("b");
  } while (!client.readable_within(5));
  EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{408});
}

TEST(Session, CutsAClientThatDoesNotTakeItsAnswer) {
  HttpSettings settings = patient_settings();
  settings.write_timeout = kTiny;
  TestServer server(settings);
  RawClient client(server.port(), 4096);
  client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_FALSE(server.handler.end(0).delivered);
}

TEST(Session, ClosesAnIdleConnectionInSilence) {
  HttpSettings settings = patient_settings();
  settings.idle_timeout = kTiny;
  TestServer server(settings);
  RawClient client(server.port());
  client.send(kGet);
  EXPECT_EQ(client.read_answer().status, 200U);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server.handler.finished(), 1U);
}

TEST(Session, ClosesAfterItsAnswerWhileDraining) {
  TestServer server;
  RawClient client(server.port());
  client.send(kGet);
  EXPECT_FALSE(client.read_answer().has("Connection: close"));
  server.handler.draining_flag = true;
  client.send(kGet);
  EXPECT_TRUE(client.read_answer().has("Connection: close"));
  EXPECT_TRUE(client.is_closed());
}

TEST(Session, FinishesEveryExchangeOnce) {
  TestServer server;
  {
    RawClient client(server.port());
    client.send(kGet + "GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.read_statuses(), (std::vector<unsigned>{200, 500}));
  }
  EXPECT_TRUE(server.handler.end(0).delivered);
  EXPECT_TRUE(server.handler.end(1).delivered);
  server.listener().stop_accepting();
  EXPECT_TRUE(server.listener().wait_until_closed(std::chrono::steady_clock::now() + std::chrono::seconds(20)));
  EXPECT_EQ(server.handler.finished(), 2U);
}

}  // namespace
}  // namespace ragd::net
