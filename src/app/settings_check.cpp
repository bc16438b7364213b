#include "app/settings_check.hpp"

#include "base/ascii.hpp"
#include "base/host_port.hpp"
#include "base/units.hpp"
#include "limit/rate_table.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ragd::app {

namespace {

/// Blames the setting that was given closest to the person: a flag rather than a file, a file rather than a default.
Error conflict(const LoadedSettings& loaded, std::initializer_list<std::string_view> keys, const std::string& why) {
  const SettingOrigin* culprit = nullptr;
  for (const std::string_view key : keys) {
    const SettingOrigin& origin = loaded.origin_of(key);
    if (culprit == nullptr || origin.kind > culprit->kind) culprit = &origin;
  }
  return fail(Errc::unprocessable, culprit->blame() + ": " + why);
}

Result<void> check_listen(const LoadedSettings& loaded) {
  const Settings& values = loaded.values;
  const auto address = base::parse_host_port(values.listen);
  if (!address) return conflict(loaded, {"listen"}, "'" + values.listen + "' " + address.error().detail);
  if (base::is_loopback(address->host) || !values.auth.keys_file.empty() || values.insecure_no_auth) return {};
  return conflict(
      loaded, {"listen"},
      "listen = '" + values.listen +
          "' would let anyone in who can reach it: set auth.keys_file, or insecure_no_auth if that is meant");
}

bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const std::string_view host = text.substr(scheme + 3);
  return !host.empty() && host.find_first_of("/?#@* ") == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), base::is_upper);
}

Result<void> check_cors(const LoadedSettings& loaded) {
  const CorsSettings& cors = loaded.values.cors;
  for (const std::string& origin : cors.origins) {
    if (origin == "*" && cors.credentials) {
      return conflict(loaded, {"cors.origins", "cors.credentials"},
                      "cors.origins '*' and cors.credentials = true cannot go together: list the origins");
    }
    if (origin != "*" && !is_origin(origin)) {
      return conflict(loaded, {"cors.origins"},
                      "cors.origins: '" + origin +
                          "' is not an origin (write https://host or https://host:port, in lower "
                          "case, without a path)");
    }
  }
  return {};
}

Result<void> check_rate_limit(const LoadedSettings& loaded) {
  const RateLimitSettings& limit = loaded.values.rate_limit;
  if (limit.algorithm != LimitAlgorithm::exact || limit.requests <= limit::kMaxExactRequests) return {};
  return conflict(loaded, {"rate_limit.requests", "rate_limit.algorithm"},
                  "rate_limit.algorithm 'exact' counts up to " + std::to_string(limit::kMaxExactRequests) +
                      " requests, not " + std::to_string(limit.requests) + ": use 'gcra' or 'auto'");
}

Result<void> check_drain(const LoadedSettings& loaded) {
  const DrainSettings& drain = loaded.values.drain;
  if (drain.delay <= drain.timeout) return {};
  return conflict(loaded, {"drain.delay", "drain.timeout"},
                  "drain.delay (" + base::format_duration(drain.delay) + ") is part of drain.timeout (" +
                      base::format_duration(drain.timeout) + ") and must not be longer");
}

}  // namespace

Result<void> check_settings(const LoadedSettings& loaded) {
  for (const auto& check : {check_listen, check_cors, check_rate_limit, check_drain}) {
    if (auto sound = check(loaded); !sound) return sound;
  }
  return {};
}

}  // namespace ragd::app
