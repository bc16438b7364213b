// The order of admission and what every answer carries, without sockets: a request is put together by hand, a fake
// endpoint answers.
#include "api/router.hpp"

#include "base/hash.hpp"
#include "fakes/manual_clock.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace ragd::api {
namespace {

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    use_policy([](GatePolicy&) {});
  }

  template <class Change>
  void use_policy(Change change) {
    auto policy = std::make_shared<GatePolicy>();
    policy->limit.requests = 2;
    policy->table = std::make_shared<limit::RateTable>(policy->limit);
    change(*policy);
    std::vector<Route> routes;
    routes.push_back({net::Method::post, "/query", Scope::query, obs::RouteClass::query, 100, answer(), at_once()});
    routes.push_back({net::Method::get, "/documents/{id}", Scope::query, obs::RouteClass::documents, 10, answer()});
    routes.push_back({net::Method::get, "/health", Scope::none, obs::RouteClass::other, 0, answer()});
    routes.push_back({net::Method::get, "/admin", Scope::admin, obs::RouteClass::other, 0, answer()});
    router_ = std::make_unique<Router>(std::move(routes), policy, settings_, readiness_, clock_, metrics_);
    exchange_.state = router_->open();
  }

  Endpoint answer() {
    return [this](net::Exchange& exchange) { return answer(exchange, outcome_); };
  }
  /// What POST /query can say without waiting; "" leaves it to the endpoint.
  Immediate at_once() {
    return [this](net::Exchange& exchange) -> std::optional<Result<void>> {
      if (at_once_.empty()) return std::nullopt;
      if (at_once_ == "throw") throw std::runtime_error("secret internals");
      if (at_once_ == "fail") return fail(Errc::unprocessable, "no question", "'question' is missing");
      exchange.response.body = "{}";
      if (at_once_ == "hit") state_of(exchange).outcome = obs::Outcome::cached;
      return Result<void>{};
    };
  }
  static Task<Result<void>> answer(net::Exchange& exchange, const std::string outcome) {
    if (outcome == "throw") throw std::runtime_error("secret internals");
    if (outcome == "fail") co_return fail(Errc::deadline_exceeded, "too slow");
    exchange.response.body = "{\"id\":\"" + state_of(exchange).path_parameter + "\"}";
    co_return Result<void>{};
  }

  /// One whole exchange; the status.
  unsigned send(net::Method method, std::string_view path, std::vector<net::HeaderField> headers = {}) {
    exchange_.request = net::HttpRequest{};
    exchange_.request.method = method;
    exchange_.request.path = path;
    exchange_.request.host = "localhost";
    exchange_.request.headers = std::move(headers);
    exchange_.request.peer = boost::asio::ip::make_address(peer_);
    exchange_.request.first_byte = clock_.steady_now();
    exchange_.response.reset();
    admission_ = router_->admit(exchange_);
    if (admission_.proceed && !router_->answer_at_once(exchange_)) {
      boost::asio::io_context core;
      std::exception_ptr bug;
      boost::asio::co_spawn(core.get_executor(), router_->handle(exchange_), [&bug](std::exception_ptr e) { bug = e; });
      core.run();
      EXPECT_FALSE(bug);
    }
    router_->finish(exchange_, {clock_.steady_now(), 0, 0, true});
    return exchange_.response.status;
  }
  [[nodiscard]] bool has_header(std::string_view line) const {
    return exchange_.response.headers.find(line) != std::string::npos;
  }
  std::string& body() { return exchange_.response.body; }

  std::string outcome_;
  std::string at_once_;
  RouterSettings settings_;
  std::string peer_ = "127.0.0.1";
  fakes::ManualClock clock_;
  obs::Metrics metrics_;
  Readiness readiness_;
  std::unique_ptr<Router> router_;
  net::Exchange exchange_;
  net::Admission admission_;
};

TEST_F(RouterTest, EveryAnswerCarriesItsIdAndIsPrivate) {
  EXPECT_EQ(send(net::Method::post, "/query", {{"X-Request-Id", "mine.1"}}), 200U);
  EXPECT_TRUE(has_header("X-Request-Id: mine.1\r\n"));
  EXPECT_TRUE(has_header("Cache-Control: private, no-store\r\n"));
  EXPECT_TRUE(has_header("Server-Timing: total;dur="));
  EXPECT_EQ(admission_.max_body_bytes, 100U);
  EXPECT_EQ(send(net::Method::get, "/nowhere", {{"X-Request-Id", "bad id"}}), 404U);
  EXPECT_FALSE(has_header("bad id"));
}

TEST_F(RouterTest, ThePathParameterIsDecodedAndTakesTheRest) {
  send(net::Method::get, "/documents/a%20b/c");
  EXPECT_EQ(body(), R"({"id":"a b/c"})");
  EXPECT_EQ(send(net::Method::get, "/documents/"), 404U);
}

TEST_F(RouterTest, RefusalsAreDecidedBeforeTheBodyIsRead) {
  send(net::Method::post, "/query");
  send(net::Method::post, "/query");
  EXPECT_EQ(send(net::Method::post, "/query"), 429U);
  EXPECT_FALSE(admission_.proceed);
  EXPECT_TRUE(has_header("Retry-After: 60\r\n"));
  EXPECT_NE(body().find("\"retry_after\":60"), std::string::npos);
  clock_.advance(std::chrono::seconds(59));
  EXPECT_EQ(send(net::Method::post, "/query"), 429U);
  EXPECT_TRUE(has_header("Retry-After: 1\r\n"));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(send(net::Method::post, "/query"), 200U);
  EXPECT_EQ(metrics_.rejected.value(obs::Rejection::rate_limit), 2U);
}

TEST_F(RouterTest, ProbesAreNeverLimitedAndUnknownPathsAre) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(net::Method::get, "/health"), 200U);
  EXPECT_EQ(send(net::Method::get, "/a"), 404U);
  EXPECT_EQ(send(net::Method::get, "/b"), 404U);
  EXPECT_EQ(send(net::Method::get, "/c"), 429U);
  EXPECT_EQ(send(net::Method::get, "/health"), 200U);
}

TEST_F(RouterTest, WithKeysAStrangerLearnsNothingAndPays) {
  const std::string line = "web " + base::sha256_hex("key") + " query\n";
  use_policy([&line](GatePolicy& policy) { policy.keys = *ApiKeys::parse(line, "keys"); });
  EXPECT_EQ(send(net::Method::get, "/nowhere"), 401U);
  EXPECT_EQ(send(net::Method::post, "/query", {{"Authorization", "Bearer guess"}}), 401U);
  EXPECT_TRUE(has_header("WWW-Authenticate: Bearer"));
  EXPECT_EQ(send(net::Method::post, "/query", {{"Authorization", "Bearer guess"}}), 429U);
  EXPECT_EQ(send(net::Method::post, "/query", {{"authorization", "bearer key"}}), 200U);
  EXPECT_EQ(send(net::Method::get, "/admin", {{"X-API-Key", "key"}}), 403U);
}

TEST_F(RouterTest, WithoutKeysAdminIsLoopbacksOwn) {
  EXPECT_EQ(send(net::Method::get, "/admin"), 200U);
  EXPECT_EQ(send(net::Method::get, "/admin", {{"X-Forwarded-For", "192.0.2.1"}}), 403U);
  peer_ = "192.0.2.1";
  EXPECT_EQ(send(net::Method::get, "/admin"), 403U);
}

TEST_F(RouterTest, HostsNotListedAreMisdirected) {
  use_policy([](GatePolicy& policy) { policy.allowed_hosts = {"localhost"}; });
  EXPECT_EQ(send(net::Method::post, "/query"), 200U);
  use_policy([](GatePolicy& policy) { policy.allowed_hosts = {"rag.example"}; });
  EXPECT_EQ(send(net::Method::post, "/query"), 421U);
  EXPECT_EQ(send(net::Method::get, "/health"), 200U);
}

TEST_F(RouterTest, WrongMethodsNameTheRightOnes) {
  EXPECT_EQ(send(net::Method::get, "/query"), 405U);
  EXPECT_TRUE(has_header("Allow: POST, OPTIONS\r\n"));
  EXPECT_TRUE(has_header("RateLimit: ")) << "refusals are charged, and say so";
  EXPECT_EQ(send(net::Method::options, "/documents/x"), 204U);
  EXPECT_TRUE(has_header("Allow: GET, HEAD, OPTIONS\r\n"));
}

TEST_F(RouterTest, PreflightsAreNeverLimited) {
  use_policy([](GatePolicy& policy) {
    CorsSettings cors;
    cors.origins = {"https://app.example"};
    policy.cors = *Cors::make(cors);
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(send(net::Method::options, "/query",
                   {{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "POST"}}),
              204U);
  }
  const std::string& headers = exchange_.response.headers;
  const auto origin = headers.find("Access-Control-Allow-Origin: https://app.example\r\n");
  ASSERT_NE(origin, std::string::npos);
  EXPECT_EQ(headers.find("Access-Control-Allow-Origin", origin + 1), std::string::npos) << "sent twice";
  EXPECT_EQ(send(net::Method::post, "/query"), 200U);
}

TEST_F(RouterTest, WhatAnEndpointThrowsIsAnInternalErrorWithoutItsText) {
  outcome_ = "throw";
  EXPECT_EQ(send(net::Method::post, "/query"), 500U);
  EXPECT_EQ(body().find("secret"), std::string::npos);
  outcome_ = "fail";
  EXPECT_EQ(send(net::Method::post, "/query"), 504U);
}

TEST_F(RouterTest, WhatIsAnsweredAtOnceNeverReachesTheEndpoint) {
  outcome_ = "throw";
  at_once_ = "answer";
  EXPECT_EQ(send(net::Method::post, "/query"), 200);
  EXPECT_EQ(body(), "{}");
  at_once_ = "fail";
  EXPECT_EQ(send(net::Method::post, "/query"), 422);
  EXPECT_NE(body().find("'question' is missing"), std::string::npos);
}

TEST_F(RouterTest, WhatThrowsAtOnceIsAnInternalErrorWithoutItsText) {
  at_once_ = "throw";
  EXPECT_EQ(send(net::Method::post, "/query"), 500);
  EXPECT_EQ(body().find("secret"), std::string::npos);
  EXPECT_EQ(metrics_.queries.value(obs::Outcome::error), 1U);
}

TEST_F(RouterTest, AHitIsLoggedOnlyWhenItIsAskedFor) {
  use_policy([](GatePolicy& policy) { policy.table = nullptr; });
  const auto logged = [this] {
    testing::internal::CaptureStderr();  // where lines go while no writer runs
    send(net::Method::post, "/query");
    return testing::internal::GetCapturedStderr();
  };
  at_once_ = "hit";
  EXPECT_EQ(logged(), "");
  at_once_ = "answer";
  EXPECT_NE(logged().find("\"msg\":\"request\""), std::string::npos);
  settings_.log_hits = true;
  use_policy([](GatePolicy& policy) { policy.table = nullptr; });
  at_once_ = "hit";
  EXPECT_NE(logged().find("\"msg\":\"request\""), std::string::npos);
}

TEST_F(RouterTest, ARequestLeavesNothingToTheNextOne) {
  RequestState& state = state_of(exchange_);
  state.query.question.filter = {{"year", {1999.0}, {}, {}}};
  state.query.question.session_id = "session";
  state.query.question.text = std::string(100'000, 'q');
  state.plan.query.filter = state.query.question.filter;
  state.plan.key.bytes = std::string(100'000, 'k');
  state.context.caller = {"acme", "key", 7};
  state.stages[0] = std::chrono::seconds(1);
  state.outcome = obs::Outcome::cached;
  state.failure = fail(Errc::internal, "old");
  state.retry_after_s = 5;
  state.path_parameter = "old";
  EXPECT_EQ(send(net::Method::get, "/health"), 200);
  EXPECT_TRUE(state.query.question.filter.empty() && state.plan.query.filter.empty());
  EXPECT_FALSE(state.query.question.session_id || state.outcome || state.failure);
  EXPECT_EQ(state.context.caller.tenant, "default");
  EXPECT_EQ(state.context.caller.key_name, "");
  EXPECT_EQ(state.path_parameter, "");
  EXPECT_EQ(state.retry_after_s, 0);
  EXPECT_EQ(state.stages[0].count(), 0);
  EXPECT_LT(state.query.question.text.capacity() + state.plan.key.bytes.capacity(), 10'000U)
      << "an idle connection keeps no large question";
}

TEST_F(RouterTest, ShadowModeLetsPassAndCounts) {
  use_policy([](GatePolicy& policy) { policy.limit.shadow = true; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(net::Method::post, "/query"), 200U);
  EXPECT_EQ(metrics_.rate_limit_shadowed.value(), 1U);
}

TEST_F(RouterTest, AReloadedPolicyTakesEffect) {
  auto policy = std::make_shared<GatePolicy>();
  policy->allowed_hosts = {"elsewhere"};
  router_->set_policy(policy);
  EXPECT_EQ(send(net::Method::post, "/query"), 421U);
}

TEST_F(RouterTest, InFlightReturnsToZeroAlsoAfterARejectedBody) {
  exchange_.request = net::HttpRequest{};
  exchange_.request.first_byte = clock_.steady_now();
  exchange_.response.reset();
  router_->reject(exchange_, fail(Errc::bad_request, "framing"));
  EXPECT_EQ(exchange_.response.status, 400U);
  EXPECT_EQ(metrics_.in_flight.value(), 1);
  router_->finish(exchange_, {clock_.steady_now(), 0, 0, true});
  EXPECT_EQ(metrics_.in_flight.value(), 0);
}

}  // namespace
}  // namespace ragd::api
