// What the API layer knows about the request in hand, from admission to the log line.
//
// One per connection, reset for each request; touched on that connection's core only.
#pragma once

#include "net/exchange.hpp"
#include "obs/metrics.hpp"
#include "rag/work.hpp"

#include <ragd/context.hpp>
#include <ragd/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::api {

struct Route;

/// What POST /query asks for.
struct QueryRequest {
  Question question;
  bool stream = false;
};

struct RequestState final : net::HandlerState {
  RequestContext context;
  const Route* route = nullptr;                     ///< null: no such path
  std::string path_parameter;                       ///< the decoded {id} of the route's template
  std::optional<boost::asio::ip::address> address;  ///< of the client, where it counts by address
  std::optional<Error> failure;                     ///< the answer is this error's problem
  std::string gate_headers;  ///< what the limit and the authentication say, on whatever answer there will be
  long retry_after_s = 0;    ///< with a failure: when to try again; 0: not said
  std::string_view path;     ///< the template of the path, also where the method is wrong; empty: no such path
  bool answered = false;     ///< there is an answer to send
  bool preflight = false;    ///< the answer to a CORS preflight, which has all its headers already
  bool in_flight = false;    ///< counted in rag_in_flight_requests

  // Left by the query endpoint for the counters, the log line and Server-Timing.
  std::optional<obs::Outcome> outcome;
  std::string_view cache_status;
  rag::StageTimes stages{};
  std::chrono::nanoseconds parsing{};
  std::optional<SteadyTime> answer_found;  ///< what follows is serialization

  // A question between the look into memory and the time it may take.
  QueryRequest query;
  rag::Plan plan;

  /// As new, but for the memory of its strings, which serves the next request.
  void reset();
};

[[nodiscard]] inline RequestState& state_of(net::Exchange& exchange) {
  return static_cast<RequestState&>(*exchange.state);
}

}  // namespace ragd::api
