// Every setting with its default. Plain values; src/app/settings_table.cpp gives each its names, parser and sentence of
// documentation.
//
// Each part of the server receives its own sub-struct, never the whole.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ragd {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class Toggle : std::uint8_t { automatic, on, off };
enum class LimitAlgorithm : std::uint8_t { automatic, exact, gcra };
enum class Backend : std::uint8_t { embedded, pgvector };
enum class Fusion : std::uint8_t {
  weighted,  ///< scores normalised to 0..1 within each ranking (1 where all are equal), then weighted
  rrf,       ///< reciprocal ranks (Cormack, Clarke and Buettcher 2009), k = 60; does harm where one side is weak
};

struct HttpSettings {
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds request_timeout{30'000};
  std::uint64_t max_body_bytes = 8ULL << 20;
  std::size_t max_connections = 10'000;
  std::vector<std::string> trusted_proxies;  ///< CIDR blocks whose X-Forwarded-For is believed
  std::vector<std::string> allowed_hosts;    ///< empty: any Host
};

struct RateLimitSettings {
  std::uint32_t requests = 60;  ///< per window; 0 switches the limit off
  std::chrono::milliseconds window{60'000};
  LimitAlgorithm algorithm = LimitAlgorithm::automatic;
  std::size_t max_clients = 65'536;
  bool shadow = false;
};

struct CorsSettings {
  std::vector<std::string> origins;  ///< empty: CORS is off
  bool credentials = false;
  std::vector<std::string> methods{"GET", "POST", "DELETE"};
  std::vector<std::string> headers{"Content-Type", "Authorization", "X-API-Key", "X-Request-Id"};
  std::chrono::milliseconds max_age{600'000};
};

struct CacheSettings {
  std::chrono::milliseconds ttl{3'600'000};
  std::uint64_t max_bytes = 1ULL << 30;
  std::uint64_t hot_bytes = 64ULL << 20;
  Toggle fold_case = Toggle::automatic;  ///< automatic: on for the extractive answerer alone
};

struct RetrievalSettings {
  Backend backend = Backend::embedded;
  std::string url;               ///< of the database, where the backend is one; may hold a password
  std::size_t connections = 16;  ///< to it, of this process
  std::chrono::milliseconds timeout{5'000};
  std::size_t top_k = 5;
  double min_score = 0.0;  ///< passages below this part of the attainable maximum are not used
  double k1 = 1.2;         ///< BM25: how soon more of the same word stops counting
  double b = 0.75;         ///< BM25: how much length matters
  bool drop_question_words = true;
  bool collapse_duplicates = true;  ///< near-duplicates of a better passage are left out
  double diversity = 0.0;           ///< 0: by score alone; up to 1: maximal marginal relevance
  Fusion fusion = Fusion::weighted;
  double vector_weight = 0.5;  ///< what meaning counts beside words, where all passages have vectors
};

struct EmbeddingsSettings {
  std::string url = "https://api.openai.com/v1";   ///< of any OpenAI-compatible API
  std::string api_key;                             ///< secret
  std::string model;                               ///< empty: retrieval is lexical alone, and the rest means nothing
  std::size_t dimensions = 0;                      ///< asked of the model; 0: as many as it has
  std::size_t batch_size = 64;                     ///< texts in one request
  std::uint64_t batch_bytes = 256ULL << 10;        ///< of these texts in sum; a longer one goes alone
  std::chrono::milliseconds timeout{10'000};       ///< of one request
  std::chrono::milliseconds query_timeout{2'000};  ///< of a question's embedding; by words alone after it
  std::size_t parallel = 2;                        ///< batches of passages under way at once
  std::string query_prefix;                        ///< before a question, where the model wants that
  std::string passage_prefix;
  std::string ca_file;  ///< PEM; believed instead of the system's authorities
};

struct OverloadSettings {
  std::size_t max_in_flight = 256;
};

struct ReadySettings {
  std::vector<std::string> required{"cache", "vector_db", "llm"};
};

struct DrainSettings {
  std::chrono::milliseconds delay{2'000};
  std::chrono::milliseconds timeout{7'000};
};

struct AuthSettings {
  std::string keys_file;
};

struct Settings {
  std::string listen = "127.0.0.1:8000";
  std::string data_dir = "data";
  LogLevel log_level = LogLevel::info;
  bool log_hits = false;    ///< a log line for each answer from the cache, too
  std::size_t threads = 0;  ///< 0: one per core
  bool insecure_no_auth = false;
  HttpSettings http;
  RateLimitSettings rate_limit;
  CorsSettings cors;
  CacheSettings cache;
  RetrievalSettings retrieval;
  EmbeddingsSettings embeddings;
  OverloadSettings overload;
  ReadySettings ready;
  DrainSettings drain;
  AuthSettings auth;
};

}  // namespace ragd
