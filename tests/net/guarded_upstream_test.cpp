#include "net/guarded_upstream.hpp"

#include "fakes/cores.hpp"
#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
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
    upstream_ = GuardedUpstream::make({&io_}, url_of(server.port()), settings, recorder_).value();
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

  /// One line of the scrape, as "requests_total{upstream="llm",outcome="error"}".
  [[nodiscard]] double metric(const std::string& series) const {
    obs::Exposition out;
    metrics_.write(out);
    const std::string text = out.text();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  [[nodiscard]] double requests(const std::string& outcome) const {
    return metric(R"(rag_upstream_requests_total{upstream="vector_db",outcome=")" + outcome + "\"}");
  }
  [[nodiscard]] double breaker_open() const { return metric(R"(rag_circuit_breaker_open{upstream="vector_db"})"); }

  static constexpr std::array kBounds = {0.1, 100.0};
  obs::UpstreamMetrics metrics_{kBounds};
  const obs::UpstreamRecorder recorder_{metrics_, obs::Upstream::vector_db};
  std::atomic<std::size_t> requests_{0};
  boost::asio::io_context io_{1};
  std::unique_ptr<GuardedUpstream> upstream_;
};

unsigned status_of(const Response& response) {
  return response.has_value() ? response->status : 0;
}

const std::string kBusy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
const std::string kBusyAndGone = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const std::string kBroken = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";

TEST_F(Guarded, TriesAgainWhatMayArriveTwice) {
  const ScriptedServer server(answers({kBusy, kBusyAndGone, answer_of("ok")}));
  guard(server, eager());
  EXPECT_EQ(body_of(send()), "ok");
  const GuardStats stats = upstream_->stats();
  EXPECT_EQ(stats.attempts, 3U);
  EXPECT_EQ(stats.retries, 2U);
}

TEST_F(Guarded, TriesOnceMoreAfterAnswersThatBroke) {
  const ScriptedServer server(answers({""}));
  guard(server, eager());
  EXPECT_TRUE(send().has_error());
  EXPECT_EQ(requests_, 2U);
}

TEST_F(Guarded, TriesAServerAgainThatCannotBeReached) {
  ScriptedServer server(answers({""}));
  server.stop();
  guard(server, eager());
  EXPECT_TRUE(send().has_error());
  EXPECT_EQ(upstream_->stats().attempts, 3U);
  EXPECT_TRUE(send(false).has_error());
  EXPECT_EQ(upstream_->stats().attempts, 4U);
}

TEST_F(Guarded, TriesNothingAgainThatMightDoHarm) {
  const ScriptedServer server(answers({kBusy, kBroken, "", answer_of("ok")}));
  guard(server, eager());
  EXPECT_EQ(status_of(send(false)), 503U);
  EXPECT_EQ(status_of(send(false)), 500U);
  EXPECT_TRUE(send(false).has_error());
  EXPECT_EQ(requests_, 3U);
}

TEST_F(Guarded, TriesOnceMoreAfterAnInternalErrorAndNoMore) {
  const ScriptedServer server(answers({kBroken, answer_of("ok"), kBroken, kBroken, answer_of("ok")}));
  GuardSettings settings = eager();
  settings.breaker.min_requests = 100;
  guard(server, settings);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(status_of(send()), 500U) << "some servers say so of requests that never will succeed";
  EXPECT_EQ(requests_, 4U);
}

TEST_F(Guarded, FollowsNoRedirect) {
  const ScriptedServer server(answers({"HTTP/1.1 307 There\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"}));
  guard(server, eager());
  EXPECT_EQ(status_of(send()), 307U);
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Guarded, HandsTheLastAnswerOnWhenItGivesUp) {
  const ScriptedServer server(answers({kBusy}));
  GuardSettings settings = eager();
  settings.retry.max_attempts = 2;
  guard(server, settings);
  EXPECT_EQ(status_of(send()), 503U);
  EXPECT_EQ(requests_, 2U);
}

TEST_F(Guarded, DoesNotWaitLongerThanItHasTime) {
  const ScriptedServer server(answers({"HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"}));
  guard(server, eager());
  EXPECT_EQ(status_of(send()), 429U);
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Guarded, LeavesAServerAloneThatFailsTooOften) {
  const ScriptedServer server(answers({kBroken}));
  guard(server, eager());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(send(false)), 500U);
  const Response held_back = send();
  ASSERT_TRUE(held_back.has_error());
  EXPECT_EQ(held_back.error().code, Errc::unavailable);
  EXPECT_THAT(held_back.error().detail, HasSubstr("is left alone after too many failures"));
  EXPECT_EQ(requests_, 4U);
  EXPECT_EQ(upstream_->stats().held_back, 1U);
  EXPECT_EQ(upstream_->stats().open_breakers, 1U);
  EXPECT_EQ(breaker_open(), 1);
  EXPECT_EQ(requests("error"), 4) << "what is held back is no request";
  upstream_.reset();
  EXPECT_EQ(breaker_open(), 0) << "a breaker that is gone holds nothing back";
}

TEST_F(Guarded, ReturnsToAServerThatHasRecovered) {
  const ScriptedServer server(answers({kBroken, kBroken, kBroken, kBroken, answer_of("ok")}));
  GuardSettings settings = eager();
  settings.breaker.cool_down = milliseconds(1);
  guard(server, settings);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(send(false)), 500U);
  EXPECT_EQ(upstream_->stats().open_breakers, 1U);
  for (Response response = send(); response.has_error(); response = send()) {
    EXPECT_THAT(response.error().detail, HasSubstr("is left alone"));
  }
  EXPECT_EQ(upstream_->stats().open_breakers, 0U);
  EXPECT_EQ(breaker_open(), 0);
}

TEST_F(Guarded, CountsRequestsByWhatCameOfThem) {
  const ScriptedServer server(answers({kBusy, answer_of("ok"), "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"}));
  GuardSettings settings = eager();
  settings.breaker.min_requests = 100;
  guard(server, settings);
  EXPECT_EQ(body_of(send()), "ok");
  EXPECT_EQ(status_of(send()), 404U);
  EXPECT_EQ(requests("success"), 1);
  EXPECT_EQ(requests("error"), 2);
  EXPECT_EQ(metric(R"(rag_upstream_retries_total{upstream="vector_db"})"), 1);
  EXPECT_EQ(metric(R"(rag_upstream_request_duration_seconds_count{upstream="vector_db"})"), 3);
  EXPECT_EQ(metric(R"(rag_upstream_request_duration_seconds_bucket{upstream="vector_db",le="100.0"})"), 3);
  EXPECT_EQ(metric(R"(rag_upstream_request_duration_seconds_count{upstream="llm"})"), 0);
}

TEST_F(Guarded, CountsWhoeverHasNotTheTimeAsTimeouts) {
  const ScriptedServer server([](Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  GuardSettings settings = eager();
  settings.retry.max_attempts = 1;
  guard(server, settings);
  EXPECT_TRUE(send(true, std::chrono::steady_clock::now() + milliseconds(5)).has_error());
  EXPECT_EQ(requests("timeout"), 1) << "the caller's time";
  settings.timeout = milliseconds(5);
  guard(server, settings);
  EXPECT_TRUE(send().has_error());
  EXPECT_EQ(requests("timeout"), 2) << "the attempt's";
  EXPECT_EQ(requests("error"), 0);
}

TEST_F(Guarded, CountsACanceledRequestAsOne) {
  Signal asked;
  const ScriptedServer server([&asked](Peer& peer, std::size_t /*n*/) {
    peer.read_request();
    asked.give();
    peer.wait_for_close();
  });
  guard(server, eager());
  const UpstreamRequest request;
  const SteadyTime deadline = std::chrono::steady_clock::now() + seconds(20);
  boost::asio::cancellation_signal cancel;
  std::optional<Response> response;
  const auto finish = [&response](const std::exception_ptr& /*thrown*/, Response ended) {
    response.emplace(std::move(ended));
  };
  boost::asio::co_spawn(io_, upstream_->send(request, deadline),
                        boost::asio::bind_cancellation_slot(cancel.slot(), finish));
  while (upstream_->on(io_.get_executor()).client.stats().opened == 0) io_.run_one();
  io_.poll();
  asked.wait();
  cancel.emit(boost::asio::cancellation_type::terminal);
  while (!response) io_.run_one();
  EXPECT_EQ(requests("canceled"), 1);
  EXPECT_EQ(upstream_->stats().open_breakers, 0U);
}

TEST_F(Guarded, CountsACallThatIsDestroyedWhereItStandsAsCanceled) {
  Signal done;
  const ScriptedServer server([&done](Peer& peer, std::size_t /*n*/) {
    peer.read_request();
    done.wait();
  });
  auto io = std::make_unique<boost::asio::io_context>(1);
  auto upstream = GuardedUpstream::make({io.get()}, url_of(server.port()), eager(), recorder_).value();
  const UpstreamRequest request;
  const auto pending = fakes::spawn(*io, upstream->send(request, std::chrono::steady_clock::now() + seconds(20)));
  while (upstream->on(io->get_executor()).client.stats().opened == 0) io->run_one();
  upstream.reset();
  io.reset();
  EXPECT_EQ(requests("canceled"), 1);
  done.give();
}

TEST_F(Guarded, CountsWhatTheServerRefusesForItsHealth) {
  const ScriptedServer server(answers({"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"}));
  guard(server, eager());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status_of(send()), 400U);
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
  const auto upstream = GuardedUpstream::make(cores.all(), url_of(server.port()), eager(), recorder_).value();
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
  EXPECT_EQ(requests("success"), 30);
}

}  // namespace
}  // namespace ragd::net
