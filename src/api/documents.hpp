// POST, GET and DELETE /documents: the corpus from outside. Batches are all or nothing and durable before the 200.
#pragma once

#include "api/request_state.hpp"

#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>

#include <boost/asio/thread_pool.hpp>

namespace ragd::api {

class DocumentsEndpoint {
 public:
  DocumentsEndpoint(Documents& documents, boost::asio::thread_pool& pool, obs::Metrics& metrics)
      : documents_(documents), pool_(pool), metrics_(metrics) {}

  Task<Result<void>> put(net::Exchange& exchange);
  Task<Result<void>> list(net::Exchange& exchange);
  Task<Result<void>> get(net::Exchange& exchange);
  Task<Result<void>> erase(net::Exchange& exchange);

 private:
  Documents& documents_;
  boost::asio::thread_pool& pool_;
  obs::Metrics& metrics_;
};

}  // namespace ragd::api
