#include "net/guarded_upstream.hpp"

#include "fakes/cores.hpp"
#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class Guarded : public testing::Test {
 protected:
  /// The answer to the n-th request of all connections; after the last one, that one for ever.
  ScriptedServer::Script answers(std::vector<std::string> list) {
    return [this, list = std::move(list)](Peer& peer, std::size_t /*n*/) {
      for (;;) {
        if (peer.read_request().empty()) return;
        const std::size_t at = std::min(requests_++, list.size() - 1);
        if (list[at].empty() || !peer.send(list[at])) return;
      }
    };
  }

  void guard(const ScriptedServer& server, const GuardSettings& settings) {
    upstream_.reset();
    upstream_ = GuardedUpstream::make({&io_}, url_of(server.port()), settings).value();
  }
  static GuardSettings eager() {
    GuardSettings settings;
    settings.timeout = settings.connect = seconds(20);
    settings.retry.first_pause = milliseconds(1);
    settings.breaker = {.window = 4, .min_requests = 4, .failure_rate = 0.5, .cool_down = seconds(60), .probes = 1};
    return settings;
  }

  Response send(bool repeatable = true, SteadyTime deadline = std::chrono::steady_clock::now() + seconds(20)) {
    UpstreamRequest request;
    request.repeatable = repeatable;
    return fakes::run_until_done(io_, upstream_->send(request, deadline));
  }

  std::atomic<std::size_t> requests_{0};
  boost::asio::io_context io_{1};
  std::unique_ptr<GuardedUpstream> upstream_;
};

const std::string kBusy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
const std::string kBroken = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";

TEST_F(Guarded, TriesAgainWhatMayArriveTwice) {
  const ScriptedServer server(answers({kBusy, "", answer_of("ok")}));
  guard(server, eager());
  EXPECT_EQ(body_of(send()), "ok");
  const GuardStats stats = upstream_->stats();
  EXPECT_EQ(stats.attempts, 3U);
  EXPECT_EQ(stats.retries, 2U);
}

TEST_F(Guarded, TriesNothingAgainThatMightDoHarm) {
  const ScriptedServer server(answers({kBusy, answer_of("ok")}));
  guard(server, eager());
  EXPECT_EQ(send(false)->status, 503U);
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Guarded, TriesNothingAgainAfterAnInternalError) {
  const ScriptedServer server(answers({kBroken, answer_of("ok")}));
  guard(server, eager());
  EXPECT_EQ(send()->status, 500U);
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Guarded, HandsTheLastAnswerOnWhenItGivesUp) {
  const ScriptedServer server(answers({kBusy}));
  GuardSettings settings = eager();
  settings.retry.max_attempts = 2;
  guard(server, settings);
  EXPECT_EQ(send()->status, 503U);
  EXPECT_EQ(requests_, 2U);
}

TEST_F(Guarded, DoesNotWaitLongerThanItHasTime) {
  const ScriptedServer server(answers({"HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"}));
  guard(server, eager());
  EXPECT_EQ(send()->status, 429U);
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Guarded, LeavesAServerAloneThatFailsTooOften) {
  const ScriptedServer server(answers({kBroken}));
  guard(server, eager());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send()->status, 500U);
  const Response held_back = send();
  ASSERT_TRUE(held_back.has_error());
  EXPECT_EQ(held_back.error().code, Errc::unavailable);
  EXPECT_THAT(held_back.error().detail, HasSubstr("is left alone after too many failures"));
  EXPECT_EQ(requests_, 4U);
  EXPECT_EQ(upstream_->stats().held_back, 1U);
  EXPECT_EQ(upstream_->stats().open_breakers, 1U);
}

TEST_F(Guarded, ReturnsToAServerThatHasRecovered) {
  const ScriptedServer server(answers({kBroken, kBroken, kBroken, kBroken, answer_of("ok")}));
  GuardSettings settings = eager();
  settings.breaker.cool_down = milliseconds(1);
  guard(server, settings);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send()->status, 500U);
  EXPECT_EQ(upstream_->stats().open_breakers, 1U);
  for (Response response = send(); response.has_error(); response = send()) {
    EXPECT_THAT(response.error().detail, HasSubstr("is left alone"));
  }
  EXPECT_EQ(upstream_->stats().open_breakers, 0U);
}

TEST_F(Guarded, CountsWhatTheServerRefusesForItsHealth) {
  const ScriptedServer server(answers({"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"}));
  guard(server, eager());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(send()->status, 400U);
  EXPECT_EQ(requests_, 20U);
}

TEST_F(Guarded, DoesNotBlameTheServerForACallerInAHurry) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  guard(server, eager());
  for (int i = 0; i < 6; ++i) {
    const Response late = send(true, std::chrono::steady_clock::now() + milliseconds(5));
    ASSERT_TRUE(late.has_error());
    EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  }
  EXPECT_EQ(upstream_->stats().open_breakers, 0U);
}

TEST_F(Guarded, BlamesTheServerForTheTimeOfAnAttempt) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) {
    if (!peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")) return;
    peer.wait_for_close();
  });
  GuardSettings settings = eager();
  settings.timeout = milliseconds(10);
  settings.breaker.min_requests = 2;
  settings.retry.max_attempts = 2;
  guard(server, settings);
  const Response slow = send();
  ASSERT_TRUE(slow.has_error());
  EXPECT_EQ(slow.error().code, Errc::unavailable) << "the caller still has time";
  EXPECT_EQ(upstream_->stats().open_breakers, 1U);
}

TEST_F(Guarded, WorksOnEveryCoreAtOnce) {
  const ScriptedServer server(answers({answer_of("ok")}));
  fakes::Cores cores(3);
  const auto upstream = GuardedUpstream::make(cores.all(), url_of(server.port()), eager()).value();
  const UpstreamRequest request;
  const SteadyTime deadline = std::chrono::steady_clock::now() + seconds(20);
  std::vector<std::shared_ptr<std::optional<Response>>> responses;
  for (std::size_t i = 0; i < 30; ++i) responses.push_back(cores.spawn(i, upstream->send(request, deadline)));
  cores.start();
  while (!cores.is_done()) std::this_thread::yield();
  upstream->close();
  cores.join();  // would wait for as long as a kept connection is watched
  for (const auto& response : responses) EXPECT_EQ(body_of(response->value()), "ok");
  EXPECT_EQ(upstream->stats().attempts, 30U);
}

}  // namespace
}  // namespace ragd::net
