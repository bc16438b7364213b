#include "net/upstream_pool.hpp"

#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

using UpstreamPoolTest = Upstream;

void answer_all(Peer& peer, std::size_t /*n*/) {
  while (peer.answer(answer_of("ok"))) {
  }
}

UpstreamSettings one_connection(std::size_t max_waiting = 256) {
  UpstreamSettings settings;
  settings.pool.max_connections = 1;
  settings.pool.max_waiting = max_waiting;
  return settings;
}

UpstreamRequest repeatable() {
  UpstreamRequest request;
  request.repeatable = true;
  return request;
}

TEST_F(UpstreamPoolTest, KeepsAConnectionForTheNextRequest) {
  const ScriptedServer server(answer_all);
  connect(server);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(server.connections(), 1U);
  const PoolStats stats = client_->stats();
  EXPECT_EQ(stats.opened, 1U);
  EXPECT_EQ(stats.reused, 4U);
  EXPECT_EQ(stats.idle, 1U);
  EXPECT_EQ(stats.in_use, 0U);
}

TEST_F(UpstreamPoolTest, KeepsNoneThatTheServerWantsClosed) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    peer.answer(answer_of("ok", "Connection: close\r\n"));
    peer.wait_for_close();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(client_->stats().idle, 0U);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, KeepsNoneWithBytesBehindTheAnswer) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    peer.answer(answer_of("ok") + answer_of("an answer to nothing"));
    peer.wait_for_close();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, DropsAKeptConnectionThatTheServerSpeaksOnUnasked) {
  Signal kept;
  const ScriptedServer server([&](Peer& peer, std::size_t n) {
    if (n > 0) return answer_all(peer, n);
    peer.answer(answer_of("ok"));
    kept.wait();
    peer.send(answer_of("an answer to nothing"));
    peer.wait_for_close();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  kept.give();
  run_until([this] { return client_->stats().idle == 0; });
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, DropsAConnectionThatTheServerCloses) {
  Signal kept;
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.answer(answer_of("ok"));
    kept.wait();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(client_->stats().idle, 1U);
  kept.give();
  run_until([this] { return client_->stats().idle == 0; });
}

TEST_F(UpstreamPoolTest, LooksAtAKeptConnectionOnceMoreBeforeItIsUsed) {
  ScriptedServer server([](Peer& peer, std::size_t n) {
    peer.answer(answer_of("ok"));
    if (n > 0) peer.wait_for_close();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  server.await_ends(1);  // it has closed, and the event loop has had no turn to see that
  EXPECT_EQ(body_of(send()), "ok") << "although the request must not be repeated";
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, DropsAConnectionThatIsIdleForTooLong) {
  bool closed = false;
  ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.answer(answer_of("ok"));
    closed = peer.wait_for_close();
  });
  UpstreamSettings settings;
  settings.pool.idle_timeout = milliseconds(20);
  connect(server, settings);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(client_->stats().idle, 1U);
  run_until([this] { return client_->stats().idle == 0; });
  server.await_ends(1);
  EXPECT_TRUE(closed);
}

/// The first connection answers once and swallows the second request, as a server does that closes just then.
void swallow_second(Peer& peer, std::size_t n) {
  if (n > 0) return answer_all(peer, n);
  peer.answer(answer_of("first"));
  peer.read_request();
}

TEST_F(UpstreamPoolTest, RepeatsWhatAKeptConnectionSwallowed) {
  const ScriptedServer server(swallow_second);
  connect(server);
  EXPECT_EQ(body_of(send()), "first");
  const Response response = send(repeatable());
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, RepeatsNothingThatMightDoHarm) {
  const ScriptedServer server(swallow_second);
  connect(server);
  EXPECT_EQ(body_of(send()), "first");
  EXPECT_EQ(send().error().code, Errc::unavailable);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(UpstreamPoolTest, RepeatsNothingThatWasAnsweredInPart) {
  const ScriptedServer server([](Peer& peer, std::size_t n) {
    if (n > 0) return answer_all(peer, n);
    peer.answer(answer_of("first"));
    peer.answer("H");
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "first");
  EXPECT_EQ(send(repeatable()).error().code, Errc::unavailable);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(UpstreamPoolTest, RepeatsOnlyOnce) {
  const ScriptedServer server([](Peer& peer, std::size_t n) {
    if (n == 0) peer.answer(answer_of("first"));
    peer.read_request();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "first");
  EXPECT_EQ(send(repeatable()).error().code, Errc::unavailable);
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(UpstreamPoolTest, RepeatsNothingThatTookTooLong) {
  Signal done;
  const ScriptedServer server([&](Peer& peer, std::size_t n) {
    if (n > 0) return answer_all(peer, n);
    peer.answer(answer_of("first"));
    peer.read_request();
    done.wait();
  });
  connect(server);
  EXPECT_EQ(body_of(send()), "first");
  UpstreamDeadlines deadlines = patient();
  deadlines.first_byte = milliseconds(30);
  EXPECT_EQ(send(repeatable(), deadlines).error().detail, server.url() + " did not answer in time");
  done.give();
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(UpstreamPoolTest, OpensNoMoreConnectionsThanAllowedAndServesInOrder) {
  std::vector<std::string> order;
  Signal all_wait;
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    for (bool first = true;; first = false) {
      const std::string request = peer.read_request();
      if (request.empty()) return;
      if (first) all_wait.wait();
      order.push_back(request.substr(0, request.find(" HTTP")));
      peer.send(answer_of(request.substr(4, 2)));
    }
  });
  connect(server, one_connection());
  std::vector<std::unique_ptr<Pending>> pending;
  for (const char* target : {"/1", "/2", "/3", "/4"}) {
    UpstreamRequest request;
    request.target = target;
    pending.push_back(start(std::move(request)));
  }
  run_until([this] { return client_->stats().waiting == 3; });
  EXPECT_EQ(client_->stats().in_use, 1U);
  all_wait.give();
  for (const auto& each : pending) EXPECT_EQ(body_of(finish(*each)), each->request.target);
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_THAT(order, ElementsAre("GET /1", "GET /2", "GET /3", "GET /4"));
}

TEST_F(UpstreamPoolTest, HasAsManyConnectionsAsAllowedHoweverManyWait) {
  std::latch all_wait(1);
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    while (!peer.read_request().empty()) {
      all_wait.wait();
      peer.send(answer_of("ok"));
    }
  });
  UpstreamSettings settings;
  settings.pool.max_connections = 3;
  connect(server, settings);
  std::vector<std::unique_ptr<Pending>> pending;
  for (int i = 0; i < 20; ++i) pending.push_back(start());
  run_until([this] { return client_->stats().waiting + client_->stats().in_use == 20; });
  EXPECT_EQ(client_->stats().in_use, 3U);
  all_wait.count_down();
  for (const auto& each : pending) EXPECT_EQ(body_of(finish(*each)), "ok");
  EXPECT_EQ(server.connections(), 3U);
  EXPECT_EQ(client_->stats().idle, 3U);
  EXPECT_EQ(client_->stats().in_use, 0U);
}

/// A client whose one connection is taken by a request that is answered when the test says so.
class BusyPool : public Upstream {
 protected:
  void occupy(std::size_t max_waiting = 256) {
    connect(server_, one_connection(max_waiting));
    holder_ = start();
    run_until([this] { return client_->stats().in_use == 1; });
  }
  void let_go() {
    answer_.give();
    EXPECT_EQ(body_of(finish(*holder_)), "ok");
  }

  Signal answer_;
  ScriptedServer server_{[this](Peer& peer, std::size_t n) {
    peer.read_request();
    if (n == 0) answer_.wait();
    peer.send(answer_of("ok"));
    answer_all(peer, n);
  }};
  std::unique_ptr<Pending> holder_;
};

TEST_F(BusyPool, RefusesMoreWaitingThanItHasPlaces) {
  occupy(1);
  const auto waiting = start();
  run_until([this] { return client_->stats().waiting == 1; });
  const Response refused = send();
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  EXPECT_THAT(refused.error().detail, HasSubstr("too many requests wait"));
  let_go();
  EXPECT_EQ(body_of(finish(*waiting)), "ok");
}

TEST_F(BusyPool, LetsWhoWaitsLeaveAtTheDeadline) {
  occupy();
  UpstreamDeadlines deadlines = patient();
  deadlines.total = std::chrono::steady_clock::now() + milliseconds(30);
  const Response late = send({}, deadlines);
  ASSERT_TRUE(late.has_error());
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  EXPECT_EQ(client_->stats().waiting, 0U);
  let_go();
  EXPECT_EQ(body_of(send()), "ok");
}

TEST_F(BusyPool, PassesOverWhoHasStoppedWaiting) {
  occupy();
  const auto canceled = start();
  const auto patient_one = start();
  run_until([this] { return client_->stats().waiting == 2; });
  canceled->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*canceled).error().code, Errc::canceled);
  let_go();
  EXPECT_EQ(body_of(finish(*patient_one)), "ok");
}

TEST_F(BusyPool, GivesOnThePlaceOfOneCanceledInTheMomentOfItsTurn) {
  occupy();
  const auto first = start();
  const auto second = start();
  run_until([this] { return client_->stats().waiting == 2; });
  answer_.give();
  run_until([this] { return client_->stats().waiting == 1; });  // the first has its place and has not run yet
  first->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*first).error().code, Errc::canceled);
  EXPECT_EQ(body_of(finish(*holder_)), "ok");
  EXPECT_EQ(body_of(finish(*second)), "ok");
  EXPECT_EQ(client_->stats().in_use, 0U);
}

TEST_F(BusyPool, GivesAPlaceOnWhenTheConnectionFails) {
  UpstreamSettings settings = one_connection();
  Signal both_wait;
  const ScriptedServer server([&](Peer& peer, std::size_t n) {
    if (n > 0) return answer_all(peer, n);
    peer.read_request();
    both_wait.wait();
  });
  connect(server, settings);
  const auto broken = start();
  const auto waiting = start();
  run_until([this] { return client_->stats().waiting == 1; });
  both_wait.give();
  EXPECT_TRUE(finish(*broken).has_error());
  EXPECT_EQ(body_of(finish(*waiting)), "ok");
  answer_.give();
}

TEST_F(UpstreamPoolTest, LeavesNoWorkBehindWhenClosed) {
  const ScriptedServer server(answer_all);
  connect(server);
  EXPECT_EQ(body_of(send()), "ok");
  client_->close();
  io_.restart();
  io_.run();  // returns only when nothing is watched or timed any more
  EXPECT_EQ(client_->stats().idle, 0U);
  EXPECT_EQ(body_of(send()), "ok") << "requests under way still may need a connection";
  EXPECT_EQ(client_->stats().idle, 0U);
}

TEST_F(UpstreamPoolTest, EndsCleanlyUnderWhoeverStillWaits) {
  Signal done;
  const ScriptedServer server([&](Peer& peer, std::size_t /*n*/) {
    peer.read_request();
    done.wait();
  });
  auto io = std::make_unique<boost::asio::io_context>(1);
  auto client = std::make_unique<UpstreamClient>(io->get_executor(), url_of(server.port()), one_connection(), nullptr);
  const UpstreamRequest request;
  const UpstreamDeadlines deadlines = patient();
  const auto holder = fakes::spawn(*io, client->send(request, deadlines));
  const auto waiter = fakes::spawn(*io, client->send(request, deadlines));
  while (client->stats().waiting == 0) io->run_one();
  client.reset();
  io.reset();  // destroys both coroutines where they stand
  EXPECT_FALSE(holder->has_value());
  EXPECT_FALSE(waiter->has_value());
  done.give();
}

}  // namespace
}  // namespace ragd::net
