// POST /search: retrieval only, best passages first.
#pragma once

#include "api/request_state.hpp"
#include "rag/pipeline.hpp"

#include <ragd/error.hpp>
#include <ragd/task.hpp>

namespace ragd::api {

class SearchEndpoint {
 public:
  explicit SearchEndpoint(rag::Pipeline& pipeline) : pipeline_(pipeline) {}

  Task<Result<void>> answer(net::Exchange& exchange);

 private:
  rag::Pipeline& pipeline_;
};

}  // namespace ragd::api
