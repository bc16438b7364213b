// DELETE /admin/cache: purges answers by document, by tenant, or all of them.
#pragma once

#include "api/request_state.hpp"

#include <ragd/error.hpp>
#include <ragd/response_cache.hpp>
#include <ragd/task.hpp>

namespace ragd::api {

class AdminEndpoint {
 public:
  explicit AdminEndpoint(ResponseCache& cache) : cache_(cache) {}

  Task<Result<void>> purge(net::Exchange& exchange);

 private:
  ResponseCache& cache_;
};

}  // namespace ragd::api
