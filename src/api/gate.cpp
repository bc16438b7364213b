#include "api/gate.hpp"

#include "api/route.hpp"
#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "base/text_out.hpp"
#include "obs/log.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace ragd::api {

namespace {

constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kHeaderRoom = 128;  // for what the limit has to say

/// The key as the client presents it: Authorization: Bearer, or X-API-Key.
std::string_view presented_key(const net::HttpRequest& request) {
  if (const auto authorization = request.header("Authorization")) {
    constexpr std::string_view kBearer = "bearer ";
    if (base::equal_ignoring_case(authorization->substr(0, kBearer.size()), kBearer))
      return authorization->substr(kBearer.size());
  }
  return request.header("X-API-Key").value_or("");
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

long rounded_up_seconds(std::chrono::nanoseconds duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

/// `kind` keeps key names and addresses apart, whatever bytes they have.
std::uint64_t hash_of(std::string_view salt, char kind, std::string_view identity) {
  std::array<char, 160> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  static_assert(bytes.size() > kSaltBytes + 1 + kMaxKeyName);
  std::size_t size = salt.copy(bytes.data(), kSaltBytes);
  bytes[size++] = kind;
  size += identity.copy(bytes.data() + size, bytes.size() - size);
  return base::hash64({bytes.data(), size});
}

std::uint64_t hash_of(std::string_view salt, const boost::asio::ip::address& network) {
  const auto hash = [salt](char kind, const auto& octets) {
    return hash_of(salt, kind, std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
  };
  return network.is_v4() ? hash('4', network.to_v4().to_bytes()) : hash('6', network.to_v6().to_bytes());
}

/// As names are compared: without the port, in lower case, without the root's dot.
std::string host_name(std::string_view host) {
  std::string name = base::to_lower(without_port(host));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool names_loopback(std::string_view host) {
  const std::string name = host_name(host);
  return name == "localhost" || name == "[::1]" || name.starts_with("127.");
}

bool is_loopback_itself(const net::HttpRequest& request) {
  // A proxy on this machine is a loopback peer too, speaking for anyone: its forwarding headers give it away.
  // A page that has rebound its own name to 127.0.0.1 is known by that name.
  return net::unmapped(request.peer).is_loopback() && !request.header("X-Forwarded-For") &&
         !request.header("Forwarded") && names_loopback(request.host);
}

}  // namespace

void Gate::set_policy(GatePolicyPtr policy) {
  policy_ = std::move(policy);
  limit_policy_.clear();
  base::TextOut out(limit_policy_);
  out << "RateLimit-Policy: \"default\";q=" << policy_->limit.requests
      << ";w=" << std::chrono::ceil<std::chrono::seconds>(policy_->limit.window).count() << "\r\n";
}

Gate::Verdict Gate::enter(net::Exchange& exchange, RequestState& state) {
  const net::HttpRequest& request = exchange.request;
  const bool open = state.route != nullptr && state.route->scope == Scope::none;
  const auto refuse = [&state](const Error& error) {
    state.failure = error;
    return Verdict::answered;
  };

  const auto& hosts = policy_->allowed_hosts;
  if (!open && !hosts.empty() && std::find(hosts.begin(), hosts.end(), host_name(request.host)) == hosts.end()) {
    return refuse(fail(Errc::misdirected, "host " + std::string(request.host), "this host name is not served here"));
  }
  if (policy_->cors.is_preflight(request)) {
    policy_->cors.answer_preflight(request, exchange.response);
    state.preflight = true;
    return Verdict::answered;
  }
  if (open) return Verdict::pass;

  const auto authenticated = authenticate(request, state);
  // A failed authentication charges the address: guessing keys is limited like asking.
  const auto charged = charge(client_of(request, state), state);
  if (!charged) return refuse(charged.error());
  if (!authenticated) {
    state.gate_headers += "WWW-Authenticate: Bearer realm=\"ragd\"\r\n";
    return refuse(authenticated.error());
  }
  const auto authorized = authorize(state);
  return authorized ? Verdict::pass : refuse(authorized.error());
}

Result<void> Gate::authenticate(const net::HttpRequest& request, RequestState& state) const {
  if (policy_->keys.empty()) {
    state.context.caller.scopes = static_cast<Scopes>(Scope::query) | static_cast<Scopes>(Scope::ingest);
    const bool wants_admin = state.route != nullptr && state.route->scope == Scope::admin;
    if (wants_admin && is_loopback_itself(request)) state.context.caller.scopes |= static_cast<Scopes>(Scope::admin);
    return {};
  }
  const std::string_view key = presented_key(request);
  const Caller* caller = key.empty() ? nullptr : policy_->keys.find(key);
  if (caller == nullptr) {
    return fail(Errc::unauthorized, key.empty() ? "no key" : "unknown key",
                "send an API key as 'Authorization: Bearer <key>' or 'X-API-Key: <key>'");
  }
  state.context.caller = *caller;
  return {};
}

Result<void> Gate::authorize(const RequestState& state) const {
  if (state.route == nullptr || has(state.context.caller.scopes, state.route->scope)) return {};
  return fail(Errc::forbidden, "scope",
              policy_->keys.empty() ? "without API keys this answers loopback callers only"
                                    : "this API key lacks the scope for this call");
}

std::uint64_t Gate::client_of(const net::HttpRequest& request, RequestState& state) {
  const std::string& key = state.context.caller.key_name;
  if (!key.empty()) return hash_of(policy_->client_salt, 'k', key);
  const net::ClientAddress client = net::client_address(request, policy_->trusted_proxies);
  if (client.ignored_forwarding) warn_of_untrusted_forwarding();
  state.address = client.address;
  return hash_of(policy_->client_salt, net::client_network(client.address));
}

Result<void> Gate::charge(std::uint64_t client, RequestState& state) {
  if (policy_->table == nullptr) return {};
  const limit::Decision decision = policy_->table->check(client, state.context.now);
  const long wait = std::max(1L, rounded_up_seconds(decision.retry_after));
  {
    base::TextOut headers(state.gate_headers, kHeaderRoom);
    headers << limit_policy_ << "RateLimit: \"default\";r=" << decision.remaining
            << ";t=" << (decision.allowed ? rounded_up_seconds(decision.reset) : wait) << "\r\n";
  }
  if (decision.allowed) return {};
  if (policy_->limit.shadow) {
    metrics_.rate_limit_shadowed.add();
    return {};
  }
  state.retry_after_s = wait;
  return fail(Errc::rate_limited, "rate limit");
}

void Gate::warn_of_untrusted_forwarding() {
  if (warned_of_forwarding_) return;
  warned_of_forwarding_ = true;
  obs::log(
      LogLevel::warning,
      "X-Forwarded-For from a peer that is not in http.trusted_proxies is ignored: clients behind it share a limit");
}

}  // namespace ragd::api
