#include "net/tls_context.hpp"

#include "fakes/temporary_folder.hpp"
#include "fakes/test_ca.hpp"
#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using fakes::TestCa;
using testing::HasSubstr;

void answer_all(Peer& peer, std::size_t /*n*/) {
  while (peer.answer(answer_of("secret"))) {
  }
}

class UpstreamTls : public Upstream {
 protected:
  [[nodiscard]] TlsContextPtr trust(const TestCa& ca, bool verify = true) {
    return TlsContext::make({folder_.write("ca.pem", ca.pem()), verify}).value();
  }
  static UpstreamUrl url_of(const ScriptedServer& server, const std::string& host = "localhost") {
    return UpstreamUrl::parse("https://" + host + ":" + std::to_string(server.port())).value();
  }
  /// Why the client does not talk to a server that shows this certificate.
  std::string refusal(SSL_CTX* shown, const TlsContextPtr& trusted, const std::string& host = "localhost") {
    std::size_t requests = 0;
    ScriptedServer server(
        [&](Peer& peer, std::size_t /*n*/) {
          if (!peer.read_request().empty()) ++requests;
        },
        shown);
    connect(url_of(server, host), {}, trusted);
    const Response response = send();
    if (response.has_value()) return "it was accepted";
    EXPECT_EQ(response.error().code, Errc::unavailable);
    server.await_ends(1);
    EXPECT_EQ(requests, 0U) << "nothing may be told to a server that is not who it should be";
    return response.error().detail;
  }

  fakes::TemporaryFolder folder_;
  const TestCa ca_;
};

TEST_F(UpstreamTls, SpeaksToAServerItsAuthorityVouchesFor) {
  const auto context = ca_.server("DNS:localhost");
  std::string asked_for;
  const ScriptedServer server(
      [&](Peer& peer, std::size_t n) {
        asked_for = peer.server_name();
        answer_all(peer, n);
      },
      context.get());
  connect(url_of(server), {}, trust(ca_));
  for (int i = 0; i < 3; ++i) {
    const Response response = send();
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->body, "secret");
  }
  EXPECT_EQ(server.connections(), 1U) << "kept like any other connection";
  EXPECT_EQ(asked_for, "localhost");
}

TEST_F(UpstreamTls, KnowsAServerByItsAddress) {
  const auto context = ca_.server("IP:127.0.0.1");
  std::string asked_for;
  const ScriptedServer server(
      [&](Peer& peer, std::size_t n) {
        asked_for = peer.server_name();
        answer_all(peer, n);
      },
      context.get());
  connect(url_of(server, "127.0.0.1"), {}, trust(ca_));
  EXPECT_EQ(body_of(send()), "secret");
  EXPECT_EQ(asked_for, "") << "an address is no server name (RFC 6066, 3)";
}

TEST_F(UpstreamTls, ReadsLargeAnswersAndSendsLargeRequests) {
  const auto context = ca_.server("DNS:localhost");
  const std::string body(3'000'000, 'x');
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) { peer.answer(answer_of(body)); }, context.get());
  connect(url_of(server), {}, trust(ca_));
  UpstreamRequest request;
  request.method = "POST";
  request.body = body;
  const Response response = send(request);
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->body, body);
}

TEST_F(UpstreamTls, RefusesAServerOfAnotherName) {
  const auto other = ca_.server("DNS:example.com,IP:127.0.0.2");
  EXPECT_THAT(refusal(other.get(), trust(ca_)), HasSubstr("its certificate is refused: hostname mismatch"));
  EXPECT_THAT(refusal(other.get(), trust(ca_), "127.0.0.1"), HasSubstr("IP address mismatch"));
  const auto nameless = ca_.server("");
  EXPECT_THAT(refusal(nameless.get(), trust(ca_)), HasSubstr("hostname mismatch"));
}

TEST_F(UpstreamTls, RefusesAnExpiredCertificate) {
  const auto expired = ca_.server("DNS:localhost", -TestCa::kDay);
  EXPECT_THAT(refusal(expired.get(), trust(ca_)), HasSubstr("certificate has expired"));
}

TEST_F(UpstreamTls, RefusesAnAuthorityItWasNotToldOf) {
  const TestCa stranger;
  const auto context = stranger.server("DNS:localhost");
  EXPECT_THAT(refusal(context.get(), trust(ca_)), HasSubstr("its certificate is refused"));
  EXPECT_THAT(refusal(context.get(), TlsContext::make({}).value()), HasSubstr("its certificate is refused"))
      << "the system's authorities do not know it either";
}

TEST_F(UpstreamTls, RefusesOldVersions) {
  const auto old = ca_.server("DNS:localhost");
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  EXPECT_THAT(refusal(old.get(), trust(ca_)), HasSubstr("cannot reach https://localhost:"));
}

TEST_F(UpstreamTls, ChecksNothingWhereToldNotTo) {
  const TestCa stranger;
  const auto context = stranger.server("DNS:example.com", -TestCa::kDay);
  const ScriptedServer server(answer_all, context.get());
  connect(url_of(server), {}, trust(ca_, false));
  EXPECT_EQ(body_of(send()), "secret");
}

TEST_F(UpstreamTls, KeepsNoConnectionWithARecordBehindTheAnswer) {
  const auto context = ca_.server("DNS:localhost");
  Signal sent;
  const ScriptedServer server(
      [&](Peer& peer, std::size_t n) {
        if (n > 0) return answer_all(peer, n);
        peer.answer(answer_of("first"));
        peer.send(answer_of("an answer to nothing"));
        sent.give();
        peer.wait_for_close();
      },
      context.get());
  connect(url_of(server), {}, trust(ca_));
  const auto pending = start();
  run_until([this] { return client_->stats().opened == 1; });
  io_.poll();
  sent.wait();  // both records are there, and one read takes them off the socket
  EXPECT_EQ(body_of(finish(*pending)), "first");
  EXPECT_EQ(body_of(send()), "secret");
  EXPECT_EQ(server.connections(), 2U);
}

/// Closes after each answer, and notes which handshakes were abbreviated.
class ResumingServer {
 public:
  explicit ResumingServer(SSL_CTX* context)
      : server(
            [this](Peer& peer, std::size_t /*n*/) {
              resumed.push_back(peer.resumed());
              peer.answer(answer_of("secret"));
            },
            context) {}
  std::vector<bool> resumed;
  ScriptedServer server;
};

TEST_F(UpstreamTls, ResumesTheSessionOfAnEarlierConnection) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = ca_.server("DNS:localhost");
    SSL_CTX_set_max_proto_version(context.get(), version);
    ResumingServer resuming(context.get());
    connect(url_of(resuming.server), {}, trust(ca_));
    for (std::size_t i = 1; i <= 3; ++i) {
      const Response response = send();
      ASSERT_TRUE(response.has_value()) << response.error().detail;
      resuming.server.await_ends(i);
    }
    EXPECT_THAT(resuming.resumed, testing::ElementsAre(false, true, true)) << "TLS version " << version;
  }
}

TEST_F(UpstreamTls, TakesATruncatedAnswerForABrokenOne) {
  const auto context = ca_.server("DNS:localhost");
  bool polite = false;
  const ScriptedServer server(
      [&](Peer& peer, std::size_t /*n*/) {
        peer.answer("HTTP/1.1 200 OK\r\n\r\nall of it");
        if (polite) peer.say_goodbye();
      },
      context.get());
  connect(url_of(server), {}, trust(ca_));
  const Response cut = send();
  ASSERT_TRUE(cut.has_error()) << "whoever cut the connection may have cut the answer";
  EXPECT_EQ(cut.error().code, Errc::unavailable);
  polite = true;
  EXPECT_EQ(body_of(send()), "all of it");
}

TEST_F(UpstreamTls, CountsTheHandshakeToTheTimeOfConnecting) {
  bool closed = false;
  ScriptedServer silent([&](Peer& peer, std::size_t /*n*/) { closed = peer.wait_for_close(); });
  connect(url_of(silent), {}, trust(ca_));
  UpstreamDeadlines deadlines = patient();
  deadlines.connect = std::chrono::milliseconds(50);
  const Response response = send({}, deadlines);
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_THAT(response.error().detail, HasSubstr("it did not answer in time"));
  silent.await_ends(1);
  EXPECT_TRUE(closed);
}

TEST_F(UpstreamTls, StopsInTheMiddleOfAnAnswerWhenCanceled) {
  const auto context = ca_.server("DNS:localhost");
  Signal answering;
  bool closed = false;
  ScriptedServer server(
      [&](Peer& peer, std::size_t /*n*/) {
        peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        answering.give();
        closed = peer.wait_for_close();
      },
      context.get());
  connect(url_of(server), {}, trust(ca_));
  const auto pending = start();
  run_until([this] { return client_->stats().opened == 1; });
  io_.poll();
  answering.wait();
  io_.poll();
  pending->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*pending).error().code, Errc::canceled);
  server.await_ends(1);
  EXPECT_TRUE(closed);
}

TEST_F(UpstreamTls, StopsAtWhicheverStepOfOpeningItIsCanceled) {
  const ScriptedServer silent([](Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  for (int steps = 0; steps < 12; ++steps) {
    connect(url_of(silent), {}, trust(ca_));
    const auto pending = start();
    io_.restart();
    for (int step = 0; step < steps; ++step) io_.poll_one();
    pending->cancel.emit(boost::asio::cancellation_type::terminal);
    EXPECT_EQ(finish(*pending).error().code, Errc::canceled) << "after " << steps << " steps";
    EXPECT_EQ(client_->stats().in_use, 0U);
  }
}

TEST_F(UpstreamTls, SaysWhichAuthoritiesCannotBeRead) {
  const auto missing = TlsContext::make({"/nonexistent/ca.pem", true});
  ASSERT_TRUE(missing.has_error());
  EXPECT_THAT(missing.error().detail, HasSubstr("/nonexistent/ca.pem"));
  EXPECT_TRUE(TlsContext::make({folder_.write("empty.pem", "no certificate"), true}).has_error());
}

TEST_F(UpstreamTls, MeetsAServerThatSpeaksNoTls) {
  const ScriptedServer plain([](Peer& peer, std::size_t /*n*/) {
    peer.send(answer_of("plain"));
    peer.wait_for_close();
  });
  connect(url_of(plain), {}, trust(ca_));
  EXPECT_THAT(send().error().detail, HasSubstr("cannot reach https://localhost:"));
}

}  // namespace
}  // namespace ragd::net
