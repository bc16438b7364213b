#include "app/settings_check.hpp"

#include "api/api_keys.hpp"
#include "api/cors.hpp"
#include "base/ascii.hpp"
#include "base/units.hpp"
#include "limit/rate_table.hpp"
#include "net/client_address.hpp"
#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "net/upstream_url.hpp"
#include "retrieval/pgvector/postgres_url.hpp"

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
  const auto address = net::parse_listen_address(values.listen);
  if (!address) return conflict(loaded, {"listen"}, "listen: " + address.error().detail);
  if (address->address().is_loopback() || !values.auth.keys_file.empty() || values.insecure_no_auth) return {};
  return conflict(
      loaded, {"listen"},
      "listen = '" + values.listen +
          "' would let anyone in who can reach it: set auth.keys_file, or insecure_no_auth if that is meant");
}

Result<void> check_keys(const LoadedSettings& loaded) {
  const std::string& file = loaded.values.auth.keys_file;
  if (file.empty()) return {};
  const auto keys = api::ApiKeys::load(file);
  if (!keys) return conflict(loaded, {"auth.keys_file"}, "auth.keys_file: " + keys.error().detail);
  return {};
}

Result<void> check_cors(const LoadedSettings& loaded) {
  const auto cors = api::Cors::make(loaded.values.cors);
  if (cors) return {};
  return conflict(loaded, {"cors.origins", "cors.credentials", "cors.methods", "cors.headers"}, cors.error().detail);
}

Result<void> check_hosts(const LoadedSettings& loaded) {
  const auto proxies = net::parse_address_blocks(loaded.values.http.trusted_proxies);
  if (!proxies) {
    return conflict(loaded, {"http.trusted_proxies"}, "http.trusted_proxies: " + proxies.error().detail);
  }
  for (const std::string& host : loaded.values.http.allowed_hosts) {
    const bool address = host.starts_with('[') && host.ends_with(']');
    if (!address && (host.find(':') != std::string::npos || host.ends_with('.'))) {
      return conflict(loaded, {"http.allowed_hosts"},
                      "http.allowed_hosts: '" + host + "' is not a host name alone (no port, no dot at its end)");
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

Result<void> check_embeddings(const LoadedSettings& loaded) {
  const EmbeddingsSettings& embeddings = loaded.values.embeddings;
  const bool is_default = embeddings.url == EmbeddingsSettings{}.url;
  if (embeddings.model.empty()) {
    if (is_default || embeddings.url.empty()) return {};
    return conflict(loaded, {"embeddings.url"}, "embeddings.url is of no use without embeddings.model");
  }
  const auto url = net::UpstreamUrl::parse(embeddings.url);
  if (url.has_error()) return conflict(loaded, {"embeddings.url"}, "embeddings.url: " + url.error().detail);
  if (is_default && embeddings.api_key.empty()) {
    return conflict(loaded, {"embeddings.model"},
                    "embeddings.model without embeddings.url is one of OpenAI's, which takes an embeddings.api_key "
                    "(or OPENAI_API_KEY)");
  }
  if (std::any_of(embeddings.api_key.begin(), embeddings.api_key.end(), base::is_control)) {
    return conflict(loaded, {"embeddings.api_key"}, "embeddings.api_key holds a line end or another control character");
  }
  if (embeddings.ca_file.empty()) return {};
  const auto authorities = net::TlsContext::make({embeddings.ca_file, true});
  if (authorities) return {};
  return conflict(loaded, {"embeddings.ca_file"}, "embeddings.ca_file: " + authorities.error().detail);
}

Result<void> check_retrieval(const LoadedSettings& loaded) {
  const RetrievalSettings& retrieval = loaded.values.retrieval;
  if (retrieval.backend == Backend::embedded) {
    if (retrieval.url.empty()) return {};
    return conflict(loaded, {"retrieval.url"}, "retrieval.url is of no use with retrieval.backend 'embedded'");
  }
  if (retrieval.url.empty()) {
    return conflict(loaded, {"retrieval.backend"}, "retrieval.backend 'pgvector' needs retrieval.url");
  }
  const auto url = retrieval::pgvector::PostgresUrl::parse(retrieval.url);
  if (url.has_error()) return conflict(loaded, {"retrieval.url"}, "retrieval.url " + url.error().detail);
  return {};
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
  for (const auto& check : {check_listen, check_keys, check_cors, check_hosts, check_rate_limit, check_embeddings,
                            check_retrieval, check_drain}) {
    if (auto sound = check(loaded); !sound) return sound;
  }
  return {};
}

}  // namespace ragd::app
