// DELETE /admin/cache: purges answers by document, by tenant, or all of them. POST /admin/snapshot: a copy of the
// corpus.
#pragma once

#include "api/request_state.hpp"

#include <ragd/error.hpp>
#include <ragd/response_cache.hpp>
#include <ragd/snapshots.hpp>
#include <ragd/task.hpp>

namespace ragd::api {

class AdminEndpoint {
 public:
  /// `snapshots` is null where the backend of the documents has tools of its own.
  AdminEndpoint(ResponseCache& cache, Snapshots* snapshots, obs::Metrics& metrics)
      : cache_(cache), snapshots_(snapshots), metrics_(metrics) {}

  Task<Result<void>> purge(net::Exchange& exchange);
  Task<Result<void>> snapshot(net::Exchange& exchange);

 private:
  ResponseCache& cache_;
  Snapshots* const snapshots_;
  obs::Metrics& metrics_;
};

}  // namespace ragd::api
