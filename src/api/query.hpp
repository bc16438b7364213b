// POST /query: a question in, a cited answer out, as JSON or as server-sent events.
//
// One for all cores, without state of its own. Bytes -> Question -> rag::Pipeline -> bytes; the unchanging front of the
// body comes ready-made with the answer, here only what differs between responses is written behind it.
#pragma once

#include "api/request_state.hpp"
#include "rag/pipeline.hpp"

#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <optional>

namespace ragd::api {

class QueryEndpoint {
 public:
  QueryEndpoint(rag::Pipeline& pipeline, obs::Metrics& metrics) : pipeline_(pipeline), metrics_(metrics) {}

  /// From the cache in memory, or the error of a request that is none.
  std::optional<Result<void>> recall(net::Exchange& exchange);
  /// Behind recall, which has read the request.
  Task<Result<void>> answer(net::Exchange& exchange);

 private:
  static void respond(net::Exchange& exchange, const rag::Reply& reply, SteadyTime found);

  rag::Pipeline& pipeline_;
  obs::Metrics& metrics_;
};

}  // namespace ragd::api
