#include "net/upstream.hpp"

#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using std::chrono::milliseconds;

TEST_F(Upstream, GivesUpWhenTheFirstByteIsLate) {
  Stalling stalling("");
  connect(stalling.server);
  UpstreamDeadlines deadlines = patient();
  deadlines.first_byte = milliseconds(30);
  const Response response = send({}, deadlines);
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable) << "the caller's time is not up";
  EXPECT_EQ(response.error().detail, stalling.server.url() + " did not answer in time");
  stalling.server.await_ends(1);
  EXPECT_TRUE(stalling.closed);
}

TEST_F(Upstream, GivesUpWhenTheHeadStalls) {
  Stalling stalling("HTTP/1.1 200 OK\r\nContent-");
  connect(stalling.server);
  UpstreamDeadlines deadlines = patient();
  deadlines.first_byte = milliseconds(30);
  EXPECT_EQ(send({}, deadlines).error().code, Errc::unavailable);
}

TEST_F(Upstream, GivesUpInTheMiddleOfABodyWhenTheDeadlinePasses) {
  Stalling stalling("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  connect(stalling.server);
  UpstreamDeadlines deadlines = patient();
  deadlines.total = std::chrono::steady_clock::now() + milliseconds(50);
  const Response response = send({}, deadlines);
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
  stalling.server.await_ends(1);
  EXPECT_TRUE(stalling.closed);
}

TEST_F(Upstream, HoldsTheDeadlineAgainstAServerThatNeverStopsSending) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    if (!peer.answer("HTTP/1.1 200 OK\r\n\r\n")) return;
    while (peer.send(std::string(1U << 20U, 'b'))) {
    }
  });
  UpstreamSettings settings;
  settings.limits.body_bytes = 1ULL << 50U;
  connect(server, settings);
  UpstreamDeadlines deadlines = patient();
  deadlines.total = std::chrono::steady_clock::now() + milliseconds(100);
  EXPECT_EQ(send({}, deadlines).error().code, Errc::deadline_exceeded);
}

TEST_F(Upstream, GivesUpWhenTheServerTakesNoMoreOfTheRequest) {
  Signal done;
  const ScriptedServer server([&](Peer& /*peer*/, std::size_t /*n*/) { done.wait(); });
  connect(server);
  UpstreamRequest request;
  request.method = "POST";
  request.body.assign(64U << 20U, 'x');
  UpstreamDeadlines deadlines = patient();
  deadlines.first_byte = milliseconds(50);
  EXPECT_EQ(send(request, deadlines).error().code, Errc::unavailable);
  done.give();
}

TEST_F(Upstream, StartsNothingWhenTheTimeIsUpAlready) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    while (peer.answer(answer_of(""))) {
    }
  });
  connect(server);
  UpstreamDeadlines deadlines = patient();
  deadlines.total = std::chrono::steady_clock::now();
  EXPECT_EQ(send({}, deadlines).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(send().value().status, 200U);
  EXPECT_EQ(send({}, deadlines).error().code, Errc::deadline_exceeded) << "on a kept connection, too";
  EXPECT_EQ(client_->stats().in_use, 0U);
}

/// A port whose queue of connections is full: the kernel drops what asks for another one.
class Unanswering {
 public:
  Unanswering() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    ::getsockname(listener_, generic, &size);
    port = ntohs(address.sin_port);
    for (int& fd : filling_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(fd, generic, size);
    }
  }
  ~Unanswering() {
    for (const int fd : filling_) ::close(fd);
    ::close(listener_);
  }
  Unanswering(const Unanswering&) = delete;
  Unanswering& operator=(const Unanswering&) = delete;
  std::uint16_t port = 0;

 private:
  const int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::array<int, 3> filling_{};
};

TEST_F(Upstream, GivesUpWhenNoConnectionComesAbout) {
  const Unanswering unanswering;
  connect(url_of(unanswering.port));
  UpstreamDeadlines own = patient();
  own.connect = milliseconds(30);
  const Response slow = send({}, own);
  ASSERT_TRUE(slow.has_error());
  EXPECT_EQ(slow.error().code, Errc::unavailable);
  EXPECT_THAT(slow.error().detail, testing::EndsWith("it did not answer in time"));
  UpstreamDeadlines callers = patient();
  callers.total = std::chrono::steady_clock::now() + milliseconds(30);
  EXPECT_EQ(send({}, callers).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(client_->stats().in_use, 0U);
}

TEST_F(Upstream, StopsConnectingWhenCanceled) {
  const Unanswering unanswering;
  connect(url_of(unanswering.port));
  const auto pending = start();
  io_.poll();
  pending->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*pending).error().code, Errc::canceled);
  EXPECT_EQ(client_->stats().in_use, 0U);
}

TEST_F(Upstream, ClosesTheConnectionWhenCanceledInTheMiddleOfAnAnswer) {
  Signal sent;
  bool closed = false;
  ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    sent.give();
    closed = peer.wait_for_close();
  });
  connect(server);
  const auto pending = start();
  run_until([this] { return client_->stats().opened == 1; });
  io_.poll();
  sent.wait();
  io_.poll();
  pending->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*pending).error().code, Errc::canceled);
  server.await_ends(1);
  EXPECT_TRUE(closed);
  EXPECT_EQ(client_->stats().in_use, 0U);
}

}  // namespace
}  // namespace ragd::net
