#include "api/router.hpp"

#include "api/fields.hpp"
#include "api/problem.hpp"
#include "api/timings.hpp"
#include "base/ids.hpp"
#include "base/text_out.hpp"
#include "obs/log.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>

namespace ragd::api {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::string_view kParameter = "{id}";

std::string_view path_prefix(const Route& route) {
  return route.path.ends_with(kParameter) ? route.path.substr(0, route.path.size() - kParameter.size())
                                          : std::string_view{};
}

bool path_matches(const Route& route, std::string_view path) {
  const std::string_view prefix = path_prefix(route);
  return prefix.empty() ? path == route.path : path.size() > prefix.size() && path.starts_with(prefix);
}

bool method_matches(const Route& route, net::Method method) {
  return route.method == method || (route.method == net::Method::get && method == net::Method::head);
}

std::string_view method_name(net::Method method) {
  switch (method) {
    case net::Method::get:
      return "GET";
    case net::Method::head:
      return "HEAD";
    case net::Method::post:
      return "POST";
    case net::Method::put:
      return "PUT";
    case net::Method::patch:
      return "PATCH";
    case net::Method::delete_:
      return "DELETE";
    case net::Method::options:
      return "OPTIONS";
    case net::Method::other:
      break;
  }
  return "other";
}

std::string_view route_label(const RequestState& state) {
  return state.path.empty() ? "other" : state.path;
}

/// 499, as nginx has it: the client went away before there was anything to answer.
constexpr unsigned kClientGone = 499;

unsigned status_of(const net::Exchange& exchange, const RequestState& state) {
  return state.answered ? exchange.response.status : kClientGone;
}

/// What the log may show of an address: its network, /24 or /48.
std::string without_host_part(const boost::asio::ip::address& address) {
  const boost::asio::ip::address plain = net::unmapped(address);
  if (plain.is_v4()) {
    auto bytes = plain.to_v4().to_bytes();
    bytes[3] = 0;
    return boost::asio::ip::address_v4(bytes).to_string() + "/24";
  }
  auto bytes = plain.to_v6().to_bytes();
  std::fill(bytes.begin() + 6, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::address_v6(bytes).to_string() + "/48";
}

/// Nobody is asked for, by a probe or where the gate was not reached.
std::string client_label(const RequestState& state) {
  if (!state.context.caller.key_name.empty()) return state.context.caller.key_name;
  return state.address ? without_host_part(*state.address) : std::string();
}

}  // namespace

Router::Router(std::vector<Route> routes, GatePolicyPtr policy, const RouterSettings& settings,
               const Readiness& readiness, const Clock& clock, obs::Metrics& metrics)
    : routes_(std::move(routes)),
      gate_(std::move(policy), metrics),
      settings_(settings),
      readiness_(readiness),
      clock_(clock),
      metrics_(metrics) {
  counted_as_.reserve(routes_.size());
  for (const Route& route : routes_) counted_as_.emplace_back(route.path, method_name(route.method));
}

std::unique_ptr<net::HandlerState> Router::open() {
  return std::make_unique<RequestState>();
}

void Router::begin(net::Exchange& exchange, RequestState& state) {
  state.reset();
  state.in_flight = true;
  metrics_.in_flight.add(1);
  RequestContext& context = state.context;
  context.now = clock_.steady_now();
  context.wall_now = clock_.wall_now();
  context.deadline = context.now + settings_.request_timeout;
  const auto request_id = exchange.request.header("X-Request-Id");
  if (request_id && base::is_request_id(*request_id)) {
    context.request_id = *request_id;
  } else {
    base::assign_random_hex_128(context.request_id);
  }
  const auto parent = exchange.request.header("traceparent");
  if (parent) context.trace_id = base::trace_id_of(*parent);
}

/// Whoever does work for a request, or tells of it, needs one; an answer at once that nobody is told of does not.
void Router::make_trace_id(RequestContext& context) {
  if (context.trace_id.empty()) base::assign_random_hex_128(context.trace_id);
}

void Router::find_route(net::Exchange& exchange, RequestState& state) {
  if (exchange.request.path == "*" && exchange.request.method == net::Method::options) return;
  std::string allow;
  for (const Route& route : routes_) {
    if (!path_matches(route, exchange.request.path)) continue;
    state.path = route.path;
    if (method_matches(route, exchange.request.method)) {
      const std::size_t fixed = path_prefix(route).size();
      if (fixed > 0) {
        auto parameter = percent_decode(exchange.request.path.substr(fixed));
        if (!parameter) {
          state.failure = fail(Errc::bad_request, "path", "the path is not percent-encoded UTF-8");
          return;
        }
        state.path_parameter = std::move(*parameter);
      }
      state.route = &route;
      return;
    }
    if (!allow.empty()) allow += ", ";
    allow += method_name(route.method);
    if (route.method == net::Method::get) allow += ", HEAD";
  }
  if (allow.empty()) {
    state.failure = fail(Errc::not_found, "path", "no such path; see the README for what is served");
    return;
  }
  exchange.response.add_header("Allow", allow + ", OPTIONS");
  if (exchange.request.method != net::Method::options) {
    state.failure = fail(Errc::method_not_allowed, "method", "allowed here: " + allow + ", OPTIONS");
  }
}

net::Admission Router::admit(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  begin(exchange, state);
  find_route(exchange, state);
  // The gate comes first in the contract: a stranger learns nothing from a 404, and pays for it.
  std::optional<Error> routing_failure = std::move(state.failure);
  state.failure.reset();
  const bool passed = gate_.enter(exchange, state) == Gate::Verdict::pass;
  if (passed && routing_failure) state.failure = std::move(routing_failure);
  if (passed && !state.failure && state.route != nullptr) return {true, state.route->max_body_bytes};
  if (passed && !state.failure) exchange.response.status = 204;  // OPTIONS: Allow says it all
  complete(exchange, state);
  return {false, 0};
}

bool Router::answer_at_once(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  try {
    const auto answered = state.route->at_once ? state.route->at_once(exchange) : std::nullopt;
    if (!answered) {
      make_trace_id(state.context);
      return false;
    }
    if (answered->has_error()) state.failure = answered->error();
  } catch (const std::exception& bug) {
    fail_for_bug(state, bug);
  }
  complete(exchange, state);
  return true;
}

Task<void> Router::handle(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  try {
    Result<void> answered = co_await state.route->answer(exchange);
    if (!answered) state.failure = answered.error();
  } catch (const std::exception& bug) {
    fail_for_bug(state, bug);
  }
  complete(exchange, state);
}

void Router::fail_for_bug(RequestState& state, const std::exception& bug) {
  state.failure = fail(Errc::internal, bug.what());
  if (state.route->kind == obs::RouteClass::query) state.outcome = obs::Outcome::error;
}

void Router::reject(net::Exchange& exchange, const Error& error) {
  RequestState& state = state_of(exchange);
  // A body that broke the rules after its head was admitted keeps that request's id; anything else starts here.
  if (!state.in_flight) begin(exchange, state);
  state.failure = error;
  complete(exchange, state);
}

void Router::complete(net::Exchange& exchange, RequestState& state) {
  net::HttpResponse& response = exchange.response;
  state.answered = true;
  if (state.failure) {
    // Whatever is unavailable now may be back soon; a client without a hint would come back at once.
    if (problem_kind(state.failure->code).status == 503 && state.retry_after_s == 0) state.retry_after_s = 1;
    write_problem(response, *state.failure, state.context.request_id, state.retry_after_s);
  }
  if (!state.preflight) gate_.add_cors_headers(exchange.request, response);
  const SteadyTime now = std::chrono::steady_clock::now();
  if (state.answer_found) {
    metrics_.stage_duration.observe(obs::Stage::serialize, Seconds(now - *state.answer_found).count());
  }
  constexpr std::size_t kRoom = 384;
  base::TextOut headers(response.headers, kRoom);
  headers << state.gate_headers << "X-Request-Id: " << state.context.request_id
          << "\r\nCache-Control: private, no-store\r\nServer-Timing: ";
  write_server_timing(headers, state.stages, now - exchange.request.first_byte);
  headers << "\r\n";
}

void Router::finish(net::Exchange& exchange, const net::ExchangeEnd& end) {
  RequestState& state = state_of(exchange);
  if (!state.in_flight) return;
  count(exchange, state, end);
  const LogLevel level = level_of(state, end);
  if (obs::log_enabled(level)) log(level, exchange, state, end);
  metrics_.in_flight.add(-1);
  state.in_flight = false;
}

void Router::count(const net::Exchange& exchange, const RequestState& state, const net::ExchangeEnd& end) {
  const Seconds duration = end.last_byte - exchange.request.first_byte;
  const unsigned status = status_of(exchange, state);
  if (state.route != nullptr && state.route->method == exchange.request.method) {
    metrics_.http_requests.add(counted_as_[static_cast<std::size_t>(state.route - routes_.data())], status);
  } else {
    metrics_.http_requests.add(route_label(state), method_name(exchange.request.method), status);
  }
  metrics_.http_duration.observe(state.route == nullptr ? obs::RouteClass::other : state.route->kind, duration.count());
  if (state.failure) {
    if (const auto rejection = problem_kind(state.failure->code).rejection) metrics_.rejected.add(*rejection);
  }
  if (!state.outcome) return;
  metrics_.queries.add(end.delivered ? *state.outcome : obs::Outcome::canceled);
  metrics_.query_duration.observe(duration.count());
  metrics_.overhead.observe(duration.count());
}

LogLevel Router::level_of(const RequestState& state, const net::ExchangeEnd& end) const {
  if (state.failure) return problem_kind(state.failure->code).level;
  const bool probe = state.route != nullptr && state.route->scope == Scope::none;
  const bool quiet_hit = !settings_.log_hits && state.outcome == obs::Outcome::cached && end.delivered;
  return probe || quiet_hit ? LogLevel::debug : LogLevel::info;
}

void Router::log(LogLevel level, const net::Exchange& exchange, RequestState& state, const net::ExchangeEnd& end) {
  make_trace_id(state.context);
  const Seconds duration = end.last_byte - exchange.request.first_byte;
  const std::string client = client_label(state);
  std::string_view error;
  if (state.failure) error = state.failure->detail.empty() ? state.failure->hint : state.failure->detail;
  obs::log(level, "request",
           {{"request_id", std::string_view(state.context.request_id)},
            {"trace_id", std::string_view(state.context.trace_id)},
            {"client", std::string_view(client)},
            {"method", method_name(exchange.request.method)},
            {"route", route_label(state)},
            {"status", static_cast<std::int64_t>(status_of(exchange, state))},
            {"duration_ms", duration.count() * 1e3},
            {"cache", state.cache_status},
            {"bytes_in", static_cast<std::int64_t>(end.request_body_bytes)},
            {"bytes_out", static_cast<std::int64_t>(end.response_bytes)},
            {"delivered", end.delivered},
            {"error", error}});
}

}  // namespace ragd::api
