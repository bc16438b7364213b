// GET /health, /health/ready and /metrics: what probes and scrapers see. None touches a dependency.
#pragma once

#include "api/readiness.hpp"
#include "api/request_state.hpp"

#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/thread_pool.hpp>

#include <optional>

namespace ragd::api {

class HealthEndpoint {
 public:
  HealthEndpoint(const Readiness& readiness, const obs::Metrics& metrics, boost::asio::thread_pool& pool)
      : readiness_(readiness), metrics_(metrics), pool_(pool) {}

  std::optional<Result<void>> alive(net::Exchange& exchange);
  std::optional<Result<void>> ready(net::Exchange& exchange);
  Task<Result<void>> metrics(net::Exchange& exchange);

 private:
  const Readiness& readiness_;
  const obs::Metrics& metrics_;
  boost::asio::thread_pool& pool_;
};

}  // namespace ragd::api
