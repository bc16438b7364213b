#include "api/health.hpp"

#include "base/json.hpp"
#include "base/version.hpp"
#include "net/offload.hpp"

namespace ragd::api {

std::optional<Result<void>> HealthEndpoint::alive(net::Exchange& exchange) {
  base::JsonWriter json(exchange.response.body);
  json.begin_object().key("status").string("healthy").key("version").string(base::version()).end_object();
  return Result<void>{};
}

std::optional<Result<void>> HealthEndpoint::ready(net::Exchange& exchange) {
  const bool ready = readiness_.ready();
  const DependencyStatuses statuses = readiness_.statuses();
  exchange.response.status = ready ? 200 : 503;
  base::JsonWriter json(exchange.response.body);
  json.begin_object().key("status").string(ready ? "ready" : "not_ready");
  json.key("checks").begin_object();
  for (std::size_t i = 0; i < statuses.size(); ++i) json.key(kDependencyNames[i]).boolean(statuses[i].up);
  json.end_object().key("details").begin_object();
  json.key("draining").boolean(readiness_.draining());
  const Readiness::Required required = readiness_.required();
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    json.key(kDependencyNames[i]).begin_object();
    json.key("required").boolean(required[i]);
    json.key("detail").string(statuses[i].detail);
    json.key("took_ms").thousandths(statuses[i].took.count() * 1e3);
    json.end_object();
  }
  json.end_object().end_object();
  return Result<void>{};
}

Task<Result<void>> HealthEndpoint::metrics(net::Exchange& exchange) {
  // Samplers ask RocksDB for its numbers, which may wait for a lock of its own.
  auto render = [this] { return Result<std::string>(metrics_.text()); };
  Result<std::string> text = co_await net::offload(pool_, std::move(render));
  if (!text) co_return text.error();
  exchange.response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  exchange.response.body = std::move(*text);
  co_return Result<void>{};
}

}  // namespace ragd::api
