#include "app/gate_policy.hpp"

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "obs/log.hpp"

#include <memory>
#include <new>
#include <utility>

namespace ragd::app {

namespace {

/// Shadow mode is the gate's business: the table counts the same.
bool same_table(const RateLimitSettings& a, const RateLimitSettings& b) {
  return a.requests == b.requests && a.window == b.window && a.algorithm == b.algorithm &&
         a.max_clients == b.max_clients;
}

Result<std::shared_ptr<limit::RateTable>> make_table(const RateLimitSettings& settings) try {
  std::shared_ptr<limit::RateTable> table;
  if (settings.requests == 0) return table;
  table = std::make_shared<limit::RateTable>(settings);
  obs::log(LogLevel::info, "rate limit",
           {{"requests", std::int64_t{settings.requests}},
            {"window_ms", static_cast<std::int64_t>(settings.window.count())},
            {"algorithm", table->algorithm() == LimitAlgorithm::exact ? "exact" : "gcra"},
            {"table_bytes", static_cast<std::int64_t>(table->memory_bytes())}});
  return table;
} catch (const std::bad_alloc&) {
  return fail(Errc::bad_request,
              "rate_limit: there is no memory for rate_limit.max_clients logs of "
              "rate_limit.requests each; lower one of them");
}

}  // namespace

Result<api::GatePolicyPtr> make_gate_policy(const Settings& settings, const api::GatePolicyPtr& previous) {
  auto policy = std::make_shared<api::GatePolicy>();
  auto cors = api::Cors::make(settings.cors);
  if (!cors) return cors.error();
  policy->cors = std::move(*cors);
  if (!settings.auth.keys_file.empty()) {
    auto keys = api::ApiKeys::load(settings.auth.keys_file);
    if (!keys) return keys.error();
    policy->keys = std::move(*keys);
  }
  auto proxies = net::parse_address_blocks(settings.http.trusted_proxies);
  if (!proxies) return fail(Errc::bad_request, "http.trusted_proxies: " + proxies.error().detail);
  policy->trusted_proxies = std::move(*proxies);
  for (const std::string& host : settings.http.allowed_hosts) policy->allowed_hosts.push_back(base::to_lower(host));
  policy->limit = settings.rate_limit;
  if (previous) {
    policy->client_salt = previous->client_salt;
  } else {
    base::assign_random_hex_128(policy->client_salt);
  }
  const bool keep = previous && same_table(previous->limit, settings.rate_limit);
  if (keep) {
    policy->table = previous->table;
  } else {
    auto table = make_table(settings.rate_limit);
    if (!table) return table.error();
    policy->table = std::move(*table);
  }
  return api::GatePolicyPtr(std::move(policy));
}

}  // namespace ragd::app
