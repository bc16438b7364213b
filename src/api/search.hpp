// POST /search: retrieval only, best passages first.
#pragma once

#include "api/request_state.hpp"
#include "rag/pipeline.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>
#include <ragd/task.hpp>

namespace ragd::api {

class SearchEndpoint {
 public:
  SearchEndpoint(rag::Pipeline& pipeline, const RetrievalSettings& settings)
      : pipeline_(pipeline), default_top_k_(settings.top_k) {}

  Task<Result<void>> answer(net::Exchange& exchange);

 private:
  rag::Pipeline& pipeline_;
  std::size_t default_top_k_;
};

}  // namespace ragd::api
