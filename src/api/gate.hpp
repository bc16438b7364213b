// Who gets in, in the contract's order: allowed host, CORS preflight, authentication, rate limit.
//
// One per core, used on that core only; the policy it applies is immutable and replaced whole on a reload. It reads
// heads, never bodies, and never suspends.
#pragma once

#include "api/api_keys.hpp"
#include "api/cors.hpp"
#include "api/request_state.hpp"
#include "limit/rate_table.hpp"
#include "net/client_address.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::api {

struct GatePolicy {
  Cors cors;
  ApiKeys keys;
  std::vector<net::AddressBlock> trusted_proxies;
  std::vector<std::string> allowed_hosts;
  RateLimitSettings limit;
  std::shared_ptr<limit::RateTable> table;  ///< owners: every core's policy; null: no limit
  std::string client_salt;                  ///< keeps strangers from choosing colliding client hashes
};

using GatePolicyPtr = std::shared_ptr<const GatePolicy>;  // owners: every core's gate

class Gate {
 public:
  Gate(GatePolicyPtr policy, obs::Metrics& metrics) : metrics_(metrics) { set_policy(std::move(policy)); }

  void set_policy(GatePolicyPtr policy);

  enum class Verdict : std::uint8_t { pass, answered };

  /// `answered`: exchange.response is a finished preflight, or state.failure says what was refused.
  Verdict enter(net::Exchange& exchange, RequestState& state);

  /// What every answer gets on its way out, errors included.
  void add_cors_headers(const net::HttpRequest& request, net::HttpResponse& response) const {
    policy_->cors.add_headers(request, response);
  }

 private:
  Result<void> authenticate(const net::HttpRequest& request, RequestState& state) const;
  [[nodiscard]] Result<void> authorize(const RequestState& state) const;
  Result<void> charge(std::uint64_t client, RequestState& state);
  /// The rate table's name for who asks; also sets what the log calls it.
  std::uint64_t client_of(const net::HttpRequest& request, RequestState& state);
  void warn_of_untrusted_forwarding();

  obs::Metrics& metrics_;
  GatePolicyPtr policy_;
  std::string limit_policy_;  // the RateLimit-Policy line, the same for all
  bool warned_of_forwarding_ = false;
};

}  // namespace ragd::api
