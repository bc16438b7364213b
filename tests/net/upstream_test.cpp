#include "net/upstream.hpp"

#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

/// Answers every request of every connection with the same bytes.
ScriptedServer::Script always(const std::string& answer) {
  return [answer](Peer& peer, std::size_t /*n*/) {
    while (peer.answer(answer)) {
    }
  };
}

/// Answers the first request with these bytes and closes.
ScriptedServer::Script once(const std::string& answer) {
  return [answer](Peer& peer, std::size_t /*n*/) { peer.answer(answer); };
}

TEST_F(Upstream, SendsWhatItIsToldAndNothingElse) {
  std::string received;
  Signal seen;
  ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    received = peer.read_request();
    peer.send(answer_of("{}"));
    seen.give();
  });
  connect(server);
  UpstreamRequest request;
  request.method = "POST";
  request.target = "/v1/x?y=z";
  request.headers = {{"Authorization", "Bearer key"}};
  request.body = R"({"a":1})";
  const Response response = send(request);
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  seen.wait();
  EXPECT_EQ(received, "POST /v1/x?y=z HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                          "\r\nAuthorization: Bearer key\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
                          R"({"a":1})");
}

TEST_F(Upstream, HandsTheAnswerOnAsItCame) {
  const ScriptedServer server(once("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nlate"));
  connect(server);
  const Response response = send();
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->status, 503U);
  EXPECT_EQ(response->body, "late");
  EXPECT_EQ(response->header("retry-after"), "3");
}

TEST_F(Upstream, ReadsAnAnswerThatComesByteByByte) {
  const std::string answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    while (!peer.read_request().empty()) {
      for (const char& byte : answer) peer.send({&byte, 1});
    }
  });
  connect(server);
  for (int i = 0; i < 3; ++i) {
    const Response response = send();
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Upstream, ReadsAnAnswerLargerThanAnyBuffer) {
  const std::string body(9'000'000, 'x');
  const ScriptedServer server(always(answer_of(body)));
  connect(server);
  const Response response = send();
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->body, body);
}

TEST_F(Upstream, ReadsABodyThatEndsWithTheConnection) {
  const ScriptedServer server(once("HTTP/1.0 200 OK\r\n\r\nall of it"));
  connect(server);
  EXPECT_EQ(body_of(send()), "all of it");
  EXPECT_EQ(client_->stats().idle, 0U);
}

TEST_F(Upstream, AsksForAHeadWithoutWaitingForABody) {
  const ScriptedServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"));
  connect(server);
  UpstreamRequest request;
  request.method = "HEAD";
  EXPECT_EQ(send(request)->status, 200U);
  EXPECT_EQ(send(request)->status, 200U);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Upstream, ReachesAnIpv6Address) {
  const ScriptedServer server(always(answer_of("six")), nullptr, AF_INET6);
  if (!server.listening()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  connect(UpstreamUrl::parse("http://[::1]:" + std::to_string(server.port())).value());
  EXPECT_EQ(body_of(send()), "six");
}

TEST_F(Upstream, TakesAnEarlyRefusalForAnAnswer) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    peer.wait_for_close();
  });
  connect(server);
  UpstreamRequest request;
  request.method = "POST";
  request.body.assign(8U << 20U, 'x');
  const Response response = send(request);
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->status, 413U);
}

TEST_F(Upstream, SaysThatTheAnswerBrokeOff) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200 OK\r\nContent-Le", "",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    const ScriptedServer server(once(answer));
    connect(server);
    UpstreamRequest request;
    request.repeatable = true;
    const Response response = send(request);
    ASSERT_TRUE(response.has_error()) << answer;
    EXPECT_EQ(response.error().code, Errc::unavailable);
    EXPECT_THAT(response.error().detail, StartsWith(server.url() + " closed the connection without a whole answer"));
    EXPECT_EQ(server.connections(), 1U) << "only a kept connection's silence is a reason to repeat";
  }
}

TEST_F(Upstream, SaysThatTheConnectionWasReset) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    peer.reset();
  });
  connect(server);
  const Response response = send();
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST_F(Upstream, RefusesGarbageAndClosesTheConnection) {
  bool closed = false;
  ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.answer("SSH-2.0-OpenSSH_9.2\r\n");
    closed = peer.wait_for_close();
  });
  connect(server);
  const Response response = send();
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_THAT(response.error().detail, StartsWith(server.url() + " sent a malformed answer: "));
  server.await_ends(1);
  EXPECT_TRUE(closed);
}

TEST_F(Upstream, BoundsHeadAndBody) {
  UpstreamSettings settings;
  settings.limits = {.head_bytes = 100, .fields = 10, .body_bytes = 1000};
  const ScriptedServer wordy(once(answer_of("", "X: " + std::string(200, 'v') + "\r\n")));
  connect(wordy, settings);
  EXPECT_EQ(send().error().detail, wordy.url() + " sent a larger head than allowed");
  const ScriptedServer heavy(once(answer_of(std::string(1001, 'b'))));
  connect(heavy, settings);
  EXPECT_EQ(send().error().detail, heavy.url() + " sent a larger answer than allowed");
  const ScriptedServer endless([](Peer& peer, std::size_t /*n*/) {
    if (!peer.answer("HTTP/1.1 200 OK\r\n\r\n")) return;
    while (peer.send(std::string(1000, 'b'))) {
    }
  });
  connect(endless, settings);
  EXPECT_EQ(send().error().detail, endless.url() + " sent a larger answer than allowed");
}

TEST_F(Upstream, LetsNobodyWriteAHeadOfHisOwn) {
  const ScriptedServer server(always(answer_of("")));
  connect(server);
  UpstreamRequest key;
  key.headers = {{"Authorization", "Bearer secret\r\nX: y"}};
  UpstreamRequest name;
  name.headers = {{"X: y\r\nZ", "w"}};
  UpstreamRequest target;
  target.target = "/a b";
  UpstreamRequest method;
  method.method = "GET /";
  for (const UpstreamRequest& request : {key, name, target, method}) {
    const Response response = send(request);
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().code, Errc::internal);
    EXPECT_THAT(response.error().detail, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(Upstream, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    const ScriptedServer server(always(""));
    port = server.port();
  }
  connect(url_of(port));
  const Response response = send();
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_EQ(response.error().detail, "cannot reach " + client_->url().origin + ": connection refused");
}

Task<std::vector<std::string>> collect(UpstreamClient& client, Signal& first_seen) {
  const UpstreamRequest request;
  const UpstreamDeadlines deadlines = patient();
  std::vector<std::string> pieces;
  Result<UpstreamStream> stream = co_await client.open(request, deadlines);
  if (stream.has_error()) co_return pieces;
  for (;;) {
    const Result<std::string_view> piece = co_await stream->next();
    if (piece.has_error()) pieces.push_back("error: " + piece.error().detail);
    if (piece.has_error() || piece->empty()) break;
    pieces.emplace_back(*piece);
    if (pieces.size() == 1) first_seen.give();
  }
  co_return pieces;
}

TEST_F(Upstream, HandsPiecesOnAsTheyArrive) {
  Signal first_seen;
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    first_seen.wait();  // a client that collects the whole answer first would never get here
    peer.send("3\r\ntwo\r\n0\r\n\r\n");
    peer.wait_for_close();
  });
  connect(server);
  EXPECT_THAT(fakes::run_until_done(io_, collect(*client_, first_seen)), testing::ElementsAre("one", "two"));
  EXPECT_EQ(client_->stats().idle, 1U) << "at its end a stream gives the connection back";
}

TEST_F(Upstream, SaysWhenAStreamBreaksOff) {
  Signal first_seen;
  const ScriptedServer server(once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntw"));
  connect(server);
  const auto pieces = fakes::run_until_done(io_, collect(*client_, first_seen));
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[1], "tw");
  EXPECT_THAT(pieces[2], HasSubstr("closed the connection without a whole answer"));
  EXPECT_EQ(client_->stats().in_use, 0U);
}

Task<unsigned> open_and_leave(UpstreamClient& client) {
  const UpstreamRequest request;
  const UpstreamDeadlines deadlines = patient();
  Result<UpstreamStream> stream = co_await client.open(request, deadlines);
  co_return stream.has_error() ? 0 : stream->head().status;
}

TEST_F(Upstream, ClosesTheConnectionOfAStreamThatIsGivenUp) {
  Stalling stalling("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  connect(stalling.server);
  EXPECT_EQ(fakes::run_until_done(io_, open_and_leave(*client_)), 200U);
  stalling.server.await_ends(1);
  EXPECT_TRUE(stalling.closed);
  EXPECT_EQ(client_->stats().in_use, 0U);
  EXPECT_EQ(client_->stats().idle, 0U);
}

}  // namespace
}  // namespace ragd::net
