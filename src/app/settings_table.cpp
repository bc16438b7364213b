#include "app/settings_table.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <type_traits>
#include <utility>

namespace ragd::app {

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations below read as in the docs

constexpr std::uint64_t kKiB = 1ULL << 10U;
constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kGiB = 1ULL << 30U;
constexpr std::uint64_t kTiB = 1ULL << 40U;

constexpr Duration kTimeout{1ms, 1h};

struct Traits {
  bool reloadable = false;
  bool secret = false;
  std::vector<std::string> env_aliases;
  std::string_view fallback_env{};
  std::string_view fallback_with{};
};

template <class Access, class Codec>
SettingRow make_row(std::string_view key, Access access, Codec codec, std::string_view doc, const Traits& traits) {
  SettingRow row;
  row.key = key;
  row.doc = doc;
  row.kind = Codec::kKind;
  row.accepts = codec.accepts();
  row.env_aliases = traits.env_aliases;
  row.fallback_env = traits.fallback_env;
  row.fallback_with = traits.fallback_with;
  row.secret = traits.secret;
  row.reloadable = traits.reloadable;
  row.assign = [access, codec](Settings& settings, const RawValue& raw) -> Result<void> {
    auto value = codec.parse(raw);
    if (!value) return value.error();
    auto& place = access(settings);
    place = static_cast<std::remove_reference_t<decltype(place)>>(std::move(*value));
    return {};
  };
  row.print = [access, codec](const Settings& settings) { return codec.print(access(settings)); };
  row.copy = [access](Settings& to, const Settings& from) { access(to) = access(from); };
  return row;
}

template <class T, class Codec>
SettingRow row(std::string_view key, T Settings::*member, Codec codec, std::string_view doc,
               const Traits& traits = {}) {
  const auto access = [member](auto& settings) -> auto& {
    return settings.*member;
  };
  return make_row(key, access, std::move(codec), doc, traits);
}

template <class Part, class T, class Codec>
SettingRow row(std::string_view key, Part Settings::*part, T Part::*member, Codec codec, std::string_view doc,
               const Traits& traits = {}) {
  const auto access = [ part, member ](auto& settings) -> auto& {
    return settings.*part.*member;
  };
  return make_row(key, access, std::move(codec), doc, traits);
}

std::vector<SettingRow> make_table() {
  const Traits reloads{.reloadable = true, .secret = false, .env_aliases = {}};
  const Choice<LogLevel> log_levels{{.names = {"debug", "info", "warning", "error"}, .synonyms = {{"warn", 2}}}};
  const Choice<Toggle> toggles{{.names = {"auto", "true", "false"}, .synonyms = {{"on", 1}, {"off", 2}}}};
  const Choice<Backend> backends{{.names = {"embedded", "pgvector"}, .synonyms = {}}};
  const Choice<Fusion> fusions{{.names = {"weighted", "rrf"}, .synonyms = {}}};
  const Choice<LimitAlgorithm> algorithms{{.names = {"auto", "exact", "gcra"}, .synonyms = {}}};
  return {
      row("listen", &Settings::listen, Address{},
          "Where the server listens. Port 0 takes a free one. Anything but a loopback address needs auth.keys_file or "
          "insecure_no_auth."),
      row("data_dir", &Settings::data_dir, Text{.required = true},
          "Folder of the documents and the cache; made when missing."),
      row("log_level", &Settings::log_level, log_levels, "The least severe log lines that are written.",
          {.reloadable = true, .secret = false, .env_aliases = {"LOG_LEVEL"}}),
      row("log_hits", &Settings::log_hits, Boolean{},
          "Whether answers from the cache get a log line each, as all others do; at log_level debug they do anyway."),
      row("threads", &Settings::threads, Integer{0, 1024}, "Threads that serve requests; 0 is one per core."),
      row("insecure_no_auth", &Settings::insecure_no_auth, Boolean{},
          "Allows a listen address others can reach although there are no API keys."),

      row("http.header_timeout", &Settings::http, &HttpSettings::header_timeout, kTimeout,
          "A request's head must be complete within this time of its first byte (else 408)."),
      row("http.body_timeout", &Settings::http, &HttpSettings::body_timeout, kTimeout,
          "A request's body must be complete within this time of its head (else 408)."),
      row("http.write_timeout", &Settings::http, &HttpSettings::write_timeout, kTimeout,
          "A client that has not taken its answer within this time is cut off."),
      row("http.idle_timeout", &Settings::http, &HttpSettings::idle_timeout, kTimeout,
          "A connection without a request is closed after this time."),
      row("http.request_timeout", &Settings::http, &HttpSettings::request_timeout, kTimeout,
          "The time a request may take, from its head to its answer (else 504)."),
      row("http.max_body_bytes", &Settings::http, &HttpSettings::max_body_bytes, Size{kKiB, kGiB},
          "The largest request body, so also the largest batch of documents (else 413)."),
      row("http.max_connections", &Settings::http, &HttpSettings::max_connections, Integer{1, 1'000'000},
          "Open connections; further ones wait in the listen queue."),
      row("http.trusted_proxies", &Settings::http, &HttpSettings::trusted_proxies, List{},
          "CIDR blocks of the proxies whose X-Forwarded-For is believed.", reloads),
      row("http.allowed_hosts", &Settings::http, &HttpSettings::allowed_hosts, List{},
          "The Host names that are answered (else 421), without ports, against DNS rebinding; an empty list is any.",
          reloads),

      row("rate_limit.requests", &Settings::rate_limit, &RateLimitSettings::requests,
          Integer{0, std::numeric_limits<std::uint32_t>::max()},
          "Requests a client may make per window (else 429); 0 switches the limit off.", reloads),
      row("rate_limit.window", &Settings::rate_limit, &RateLimitSettings::window, Duration{1ms, 24h},
          "The window of rate_limit.requests.", reloads),
      row("rate_limit.algorithm", &Settings::rate_limit, &RateLimitSettings::algorithm, algorithms,
          "exact never allows more than rate_limit.requests in any window, for up to 1024 of them; gcra paces larger "
          "limits smoothly; auto picks by rate_limit.requests.",
          reloads),
      row("rate_limit.max_clients", &Settings::rate_limit, &RateLimitSettings::max_clients, Integer{1, 1U << 24U},
          "Clients remembered at once; the table's memory is taken at the start.", reloads),
      row("rate_limit.shadow", &Settings::rate_limit, &RateLimitSettings::shadow, Boolean{},
          "Counts what would be refused and refuses nothing.", reloads),

      row("cors.origins", &Settings::cors, &CorsSettings::origins, List{},
          "Origins whose pages may call the API, as https://host[:port], or *; an empty list switches CORS off.",
          reloads),
      row("cors.credentials", &Settings::cors, &CorsSettings::credentials, Boolean{},
          "Lets those pages send credentials; cannot go with the origin *.", reloads),
      row("cors.methods", &Settings::cors, &CorsSettings::methods, List{}, "Methods those pages may use.", reloads),
      row("cors.headers", &Settings::cors, &CorsSettings::headers, List{},
          "Request headers those pages may set; * allows whichever they ask for.", reloads),
      row("cors.max_age", &Settings::cors, &CorsSettings::max_age, Duration{0ms, 24h},
          "How long a browser may remember a preflight's answer.", reloads),

      row("cache.ttl", &Settings::cache, &CacheSettings::ttl, Duration{1ms, 24h * 365},
          "How long a stored answer may be served.", reloads),
      row("cache.max_bytes", &Settings::cache, &CacheSettings::max_bytes, Size{kMiB, kTiB},
          "Disk space for stored answers; the oldest go first."),
      row("cache.hot_bytes", &Settings::cache, &CacheSettings::hot_bytes, Size{0, kTiB},
          "Memory for the answers asked for most recently."),
      row("cache.fold_case", &Settings::cache, &CacheSettings::fold_case, toggles,
          "Whether questions that differ in case alone share an answer; auto does so for the extractive answerer "
          "only."),

      row("retrieval.backend", &Settings::retrieval, &RetrievalSettings::backend, backends,
          "Where documents lie and are searched: in this process, or in a PostgreSQL with pgvector that replicas "
          "share."),
      row("retrieval.url", &Settings::retrieval, &RetrievalSettings::url, Text{},
          "Of the database that takes writes, as postgresql://user:password@host/database?sslmode=verify-full.",
          {.reloadable = false, .secret = true, .env_aliases = {}}),
      row("retrieval.connections", &Settings::retrieval, &RetrievalSettings::connections, Integer{1, 1'000},
          "Connections of this process to the database at most, divided among its threads: two each at least, a "
          "quarter "
          "of them to write."),
      row("retrieval.timeout", &Settings::retrieval, &RetrievalSettings::timeout, kTimeout,
          "One attempt to connect to the database, or to read from it, may take this long; a write as long as its "
          "request."),
      row("retrieval.top_k", &Settings::retrieval, &RetrievalSettings::top_k, Integer{1, 50},
          "Passages an answer is made from when the request does not say."),
      row("retrieval.min_score", &Settings::retrieval, &RetrievalSettings::min_score, Number{0, 1},
          "Passages that score below this part of the query's attainable maximum are not used."),
      row("retrieval.k1", &Settings::retrieval, &RetrievalSettings::k1, Number{0, 100},
          "BM25's k1: how soon more of the same word in a passage stops counting."),
      row("retrieval.b", &Settings::retrieval, &RetrievalSettings::b, Number{0, 1},
          "BM25's b: how much longer passages are marked down, from not at all to in full."),
      row("retrieval.drop_question_words", &Settings::retrieval, &RetrievalSettings::drop_question_words, Boolean{},
          "Whether \"what\", \"how\", \"which\" and the like are left out of the search."),
      row("retrieval.collapse_duplicates", &Settings::retrieval, &RetrievalSettings::collapse_duplicates, Boolean{},
          "Whether passages that nearly repeat a better one are left out."),
      row("retrieval.diversity", &Settings::retrieval, &RetrievalSettings::diversity, Number{0, 1},
          "How much passages about the same are put behind others (maximal marginal relevance); 0: not at all."),
      row("retrieval.fusion", &Settings::retrieval, &RetrievalSettings::fusion, fusions,
          "How rankings by words and by meaning become one: their scores, normalised and weighted, or reciprocal "
          "ranks."),
      row("retrieval.vector_weight", &Settings::retrieval, &RetrievalSettings::vector_weight, Number{0, 1},
          "What meaning counts beside words, from nothing to everything, once all passages have vectors."),

      row("embeddings.url", &Settings::embeddings, &EmbeddingsSettings::url, Text{},
          "An OpenAI-compatible API whose POST /embeddings turns texts into vectors, as https://host/v1.",
          {.reloadable = false,
           .secret = false,
           .env_aliases = {},
           .fallback_env = "OPENAI_BASE_URL",
           .fallback_with = "embeddings.model"}),
      row("embeddings.api_key", &Settings::embeddings, &EmbeddingsSettings::api_key, Text{},
          "Sent there as Authorization: Bearer; empty: none is sent.",
          {.reloadable = false,
           .secret = true,
           .env_aliases = {},
           .fallback_env = "OPENAI_API_KEY",
           .fallback_with = "embeddings.model"}),
      row("embeddings.model", &Settings::embeddings, &EmbeddingsSettings::model, Text{},
          "The model's name as that API knows it; empty: no embeddings, retrieval goes by words alone. Changing it, "
          "the "
          "dimensions or a prefix embeds everything anew."),
      row("embeddings.dimensions", &Settings::embeddings, &EmbeddingsSettings::dimensions, Integer{0, 65'536},
          "The vectors' dimensions, asked of models that can shorten them; 0 is as many as the model has."),
      row("embeddings.batch_size", &Settings::embeddings, &EmbeddingsSettings::batch_size, Integer{1, 2'048},
          "Texts sent in one request at most."),
      row("embeddings.batch_bytes", &Settings::embeddings, &EmbeddingsSettings::batch_bytes, Size{kKiB, 64 * kMiB},
          "Bytes of these texts in sum; a longer text goes alone."),
      row("embeddings.timeout", &Settings::embeddings, &EmbeddingsSettings::timeout, kTimeout,
          "One request to that API must be answered within this time."),
      row("embeddings.query_timeout", &Settings::embeddings, &EmbeddingsSettings::query_timeout, kTimeout,
          "A question waits no longer for its vector: it is then searched by words alone, and the answer is marked "
          "degraded."),
      row("embeddings.parallel", &Settings::embeddings, &EmbeddingsSettings::parallel, Integer{1, 64},
          "Batches of passages that are embedded at once."),
      row("embeddings.query_prefix", &Settings::embeddings, &EmbeddingsSettings::query_prefix, Text{},
          "Put before each question, for models trained so, as 'query: '."),
      row("embeddings.passage_prefix", &Settings::embeddings, &EmbeddingsSettings::passage_prefix, Text{},
          "Put before each passage, as 'passage: '."),
      row("embeddings.ca_file", &Settings::embeddings, &EmbeddingsSettings::ca_file, Text{},
          "PEM file of the certificate authorities believed there instead of the system's."),

      row("overload.max_in_flight", &Settings::overload, &OverloadSettings::max_in_flight, Integer{1, 1'000'000},
          "Questions worked on at once; further ones get 503.", reloads),

      row("ready.required", &Settings::ready, &ReadySettings::required, List{{"cache", "vector_db", "llm"}},
          "The parts without which /health/ready says not_ready.", reloads),

      row("drain.delay", &Settings::drain, &DrainSettings::delay, Duration{0ms, 1h},
          "After SIGTERM: how long connections are still accepted while readiness already says no."),
      row("drain.timeout", &Settings::drain, &DrainSettings::timeout, Duration{0ms, 1h},
          "After SIGTERM: the whole time until the process ends, drain.delay included."),

      row("auth.keys_file", &Settings::auth, &AuthSettings::keys_file, Text{},
          "File of API keys, one a line: name, SHA-256 of the key, scopes (query, ingest, admin), tenant. Its contents "
          "are read again on SIGHUP; empty: no keys are asked for."),
  };
}

/// Letters to upper case, everything that is not a letter or digit to `separator`.
std::string respell(std::string_view key, char separator, bool upper) {
  std::string spelled;
  for (const char c : key) {
    const bool punctuation = c == '.' || c == '_';
    spelled += punctuation ? separator : upper ? base::to_upper(c) : c;
  }
  return spelled;
}

}  // namespace

std::string SettingRow::section() const {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string SettingRow::name() const {
  return key.substr(key.rfind('.') + 1);  // npos + 1 is 0
}

std::string SettingRow::env() const {
  return "RAGD_" + respell(key, '_', true);
}

std::string SettingRow::flag() const {
  return "--" + respell(key, '-', false);
}

const std::vector<SettingRow>& settings_table() {
  static const std::vector<SettingRow> table = make_table();
  return table;
}

const SettingRow* find_setting(std::string_view key) {
  const auto& table = settings_table();
  const auto row = std::find_if(table.begin(), table.end(), [key](const SettingRow& r) { return r.key == key; });
  return row == table.end() ? nullptr : &*row;
}

std::string shown(const SettingRow& row, const Settings& values) {
  const std::string literal = row.print(values);
  return row.secret && literal != toml_string("") ? toml_string("********") : literal;
}

}  // namespace ragd::app
