// The way in and the way out: makes the request's context, asks the gate, finds the route, and is the only place where
// requests are counted and logged.
//
// One per core, used on that core only. The one catch of the server stands here: what an endpoint throws becomes a 500.
#pragma once

#include "api/gate.hpp"
#include "api/readiness.hpp"
#include "api/route.hpp"

#include <ragd/clock.hpp>
#include <ragd/settings.hpp>

#include <chrono>
#include <exception>
#include <vector>

namespace ragd::api {

struct RouterSettings {
  std::chrono::milliseconds request_timeout{30'000};
  bool log_hits = false;  ///< a line for each answer from the cache, too
};

class Router final : public net::HttpHandler {
 public:
  Router(std::vector<Route> routes, GatePolicyPtr policy, const RouterSettings& settings, const Readiness& readiness,
         const Clock& clock, obs::Metrics& metrics);

  /// On this router's core.
  void set_policy(GatePolicyPtr policy) { gate_.set_policy(std::move(policy)); }

  [[nodiscard]] std::unique_ptr<net::HandlerState> open() override;
  net::Admission admit(net::Exchange& exchange) override;
  bool answer_at_once(net::Exchange& exchange) override;
  Task<void> handle(net::Exchange& exchange) override;
  void reject(net::Exchange& exchange, const Error& error) override;
  void finish(net::Exchange& exchange, const net::ExchangeEnd& end) override;
  [[nodiscard]] bool draining() const override { return readiness_.draining(); }

 private:
  void begin(net::Exchange& exchange, RequestState& state);
  /// The route for the request, or the failure (404, 405 with Allow) in `state`; neither for OPTIONS.
  void find_route(net::Exchange& exchange, RequestState& state);
  static void fail_for_bug(RequestState& state, const std::exception& bug);
  /// Problem body if it failed, and the headers every answer has.
  void complete(net::Exchange& exchange, RequestState& state);
  void count(const net::Exchange& exchange, const RequestState& state, const net::ExchangeEnd& end);
  [[nodiscard]] LogLevel level_of(const RequestState& state, const net::ExchangeEnd& end) const;
  static void log(LogLevel level, const net::Exchange& exchange, RequestState& state, const net::ExchangeEnd& end);
  static void make_trace_id(RequestContext& context);

  std::vector<Route> routes_;
  std::vector<obs::HttpRequestCounter::Endpoint> counted_as_;  // for each route, in order
  Gate gate_;
  const RouterSettings settings_;
  const Readiness& readiness_;
  const Clock& clock_;
  obs::Metrics& metrics_;
};

}  // namespace ragd::api
