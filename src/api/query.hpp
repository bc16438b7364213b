// POST /query: a question in, a cited answer out, as JSON or as server-sent events.
//
// One per core. Bytes -> Question -> rag::Pipeline -> bytes; the unchanging front of the body comes ready-made with
// the answer, here only what differs between responses is written behind it.
#pragma once

#include "api/request_state.hpp"
#include "rag/pipeline.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

namespace ragd::api {

class QueryEndpoint {
 public:
  QueryEndpoint(rag::Pipeline& pipeline, const Clock& clock, obs::Metrics& metrics)
      : pipeline_(pipeline), clock_(clock), metrics_(metrics) {}

  Task<Result<void>> answer(net::Exchange& exchange);

 private:
  rag::Pipeline& pipeline_;
  const Clock& clock_;
  obs::Metrics& metrics_;
};

}  // namespace ragd::api
