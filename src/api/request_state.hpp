// What the API layer knows about the request in hand, from admission to the log line.
//
// One per connection, reset for each request; touched on that connection's core only.
#pragma once

#include "net/exchange.hpp"
#include "obs/metrics.hpp"

#include <ragd/context.hpp>
#include <ragd/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::api {

struct Route;

struct RequestState final : net::HandlerState {
  RequestContext context;
  const Route* route = nullptr;  ///< null: no such path
  std::string path_parameter;    ///< the decoded {id} of the route's template
  std::string client;            ///< for the log: the key's name, or the address without its host part
  std::optional<Error> failure;  ///< the answer is this error's problem
  std::string gate_headers;      ///< what the limit and the authentication say, on whatever answer there will be
  long retry_after_s = 0;        ///< with a failure: when to try again; 0: not said
  std::string_view path;         ///< the template of the path, also where the method is wrong; empty: no such path
  bool answered = false;         ///< there is an answer to send
  bool preflight = false;        ///< the answer to a CORS preflight, which has all its headers already
  bool in_flight = false;        ///< counted in rag_in_flight_requests

  // Left by the query endpoint for the counters, the log line and Server-Timing.
  std::optional<obs::Outcome> outcome;
  std::string_view cache_status;
  std::vector<std::pair<std::string_view, std::chrono::duration<double>>> stages;
};

[[nodiscard]] inline RequestState& state_of(net::Exchange& exchange) {
  return static_cast<RequestState&>(*exchange.state);
}

}  // namespace ragd::api
