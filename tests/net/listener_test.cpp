// Addresses, the connection limit, and the ways to end.
#include "net/listener.hpp"

#include "net/raw_client.hpp"
#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

namespace ragd::net {
namespace {

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

SteadyTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

TEST(ListenAddress, TakesAddressesWithPorts) {
  const auto text = [](const char* listen) {
    const Tcp::endpoint endpoint = parse_listen_address(listen).value();
    return endpoint.address().to_string() + " " + std::to_string(endpoint.port());
  };
  EXPECT_EQ(text("127.0.0.1:8000"), "127.0.0.1 8000");
  EXPECT_EQ(text("[::1]:0"), "::1 0");
  EXPECT_EQ(text("localhost:65535"), "127.0.0.1 65535");
}

TEST(ListenAddress, SaysWhatIsWrong) {
  const auto detail = [](const char* listen) { return parse_listen_address(listen).error().detail; };
  EXPECT_EQ(detail("127.0.0.1"), "'127.0.0.1' has no port (host:port is wanted)");
  for (const char* listen : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:8o", "127.0.0.1:-1"}) {
    EXPECT_NE(detail(listen).find("has no port from 0 to 65535"), std::string::npos) << listen;
  }
  for (const char* listen : {":8000", "example.org:8000", "::1:8000", "[127.0.0.1]:80", "[::1:80"}) {
    EXPECT_NE(detail(listen).find("has no IPv4 address"), std::string::npos) << listen;
  }
}

TEST(Listener, NamesAnAddressThatIsTaken) {
  TestServer first;
  const std::string where = "127.0.0.1:" + std::to_string(first.port());
  IoThreads threads(1);
  const std::vector<HttpHandler*> handlers{&first.handler};
  const auto second = Listener::open(where, patient_settings(), handlers, threads, first.metrics);
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().detail, where + " is already in use");
}

TEST(Listener, NamesAnAddressThatIsNotHere) {
  EchoHandler handler;
  obs::Metrics metrics;
  IoThreads threads(1);
  const std::vector<HttpHandler*> handlers{&handler};
  const auto listener = Listener::open("192.0.2.1:8000", patient_settings(), handlers, threads, metrics);
  ASSERT_TRUE(listener.has_error());
  EXPECT_EQ(listener.error().detail, "192.0.2.1:8000 is not an address of this machine");
}

TEST(Listener, CountsConnections) {
  TestServer server;
  {
    RawClient client(server.port());
    client.send(kGet);
    EXPECT_EQ(client.read_answer().status, 200U);
    EXPECT_EQ(server.listener().connections(), 1U);
  }
  EXPECT_TRUE(server.listener().wait_until_closed(soon()));
  EXPECT_EQ(server.metrics.connections_accepted.value(), 1U);
  EXPECT_EQ(server.metrics.connections_active.value(), 0);
}

TEST(Listener, AnswersOnlyProbesBeyondItsLimit) {
  HttpSettings settings = patient_settings();
  settings.max_connections = 2;
  TestServer server(settings);
  RawClient first(server.port());
  RawClient second(server.port());
  for (RawClient* client : {&first, &second}) {
    client->send(kGet);
    EXPECT_EQ(client->read_answer().status, 200U);
  }
  RawClient third(server.port());
  third.send(kGet);
  EXPECT_EQ(third.read_statuses(), std::vector<unsigned>{503});
  for (const char* probe : {"/health", "/health/ready", "/metrics"}) {
    RawClient client(server.port());
    client.send("GET " + std::string(probe) + " HTTP/1.1\r\nHost: h\r\n\r\n" + kGet);
    EXPECT_EQ(client.read_statuses(), std::vector<unsigned>{200}) << probe;
  }
  first.send(kGet);
  EXPECT_EQ(first.read_answer().status, 200U);
}

TEST(Listener, StaysReachableForProbesUnderManySlowConnections) {
  HttpSettings settings = patient_settings();
  settings.max_connections = 100;
  TestServer server(settings);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.port()));
    slow.back()->send("GET /a HT");
  }
  RawClient probe(server.port());
  probe.send("GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(probe.read_answer().status, 200U);
}

TEST(Listener, GoesOnWhenDescriptorsAreFreeAgain) {
  TestServer server;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // The client gets the last descriptor, so that accepting its connection finds none.
  const int next = ::dup(0);
  ::close(next);
  const rlimit tight{static_cast<rlim_t>(next) + 1, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &tight);
  RawClient client(server.port());
  EXPECT_TRUE(client.connected());
  client.send(kGet);
  EXPECT_FALSE(client.readable_within(100)) << "there was no descriptor to accept it with";
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client.read_answer().status, 200U);
}

TEST(Listener, ClosesIdleConnectionsForADrain) {
  TestServer server;
  RawClient idle(server.port());
  idle.send(kGet);
  EXPECT_EQ(idle.read_answer().status, 200U);
  server.listener().stop_accepting();
  server.listener().close_idle();
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(server.listener().wait_until_closed(soon()));
  while (RawClient(server.port()).connected()) {
    // The listening socket is closed on its own core, soon; a test that hangs here has found that it is not.
  }
}

TEST(Listener, LetsARequestUnderWayFinishWhenIdleOnesAreClosed) {
  TestServer server;
  RawClient busy(server.port());
  busy.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(busy.read_answer().status, 100U);
  RawClient idle(server.port());
  idle.send(kGet);
  EXPECT_EQ(idle.read_answer().status, 200U);
  server.listener().close_idle();
  EXPECT_TRUE(idle.is_closed());
  busy.send("hello");
  const RawAnswer answer = busy.read_answer();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.has("Connection: close"));
}

TEST(Listener, AbortsWhatIsLeft) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100U);
  server.listener().abort();
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(server.listener().wait_until_closed(soon()));
  EXPECT_FALSE(server.handler.end(0).delivered);
}

}  // namespace
}  // namespace ragd::net
