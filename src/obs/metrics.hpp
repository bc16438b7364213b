// Every number ragd counts about itself: one struct, one member a family.
//
// Thread-safe: writing is a relaxed store to the writing thread's own block, reading sums the blocks. All closed label
// values exist at 0 from the first scrape. It refuses label values that come from clients: routes and methods outside
// the known sets are "other".
#pragma once

#include "obs/counters.hpp"
#include "obs/exposition.hpp"
#include "obs/http_request_counter.hpp"
#include "obs/upstream_metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace ragd::obs {

enum class Outcome : std::uint8_t { success, cached, no_answer, error, canceled };
enum class Stage : std::uint8_t { parse, cache_lookup, embed, retrieve, rerank, generate, serialize, cache_store };
enum class CacheResult : std::uint8_t { hit, stale, revalidated, miss, coalesced, bypass };
enum class CacheOp : std::uint8_t { get, put, open };
enum class Eviction : std::uint8_t { ttl, size, invalidated };
enum class Rejection : std::uint8_t { rate_limit, overload, body_too_large, bad_request, unauthorized, shutting_down };
enum class RouteClass : std::uint8_t { query, search, documents, openai, mcp, other };
enum class IngestOutcome : std::uint8_t { accepted, unchanged, rejected, error };
enum class SnapshotOutcome : std::uint8_t { taken, failed };
enum class Dependency : std::uint8_t { cache, vector_db, llm };

inline constexpr std::size_t kStages = 8;

struct Metrics {
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  CounterFamily<Outcome, 5> queries;                       // rag_queries_total{status}
  Histogram query_duration;                                // rag_query_duration_seconds
  Histogram overhead;                                      // rag_overhead_seconds
  HistogramFamily<Stage, kStages> stage_duration;          // rag_stage_duration_seconds{stage}
  Counter cache_hits;                                      // rag_cache_hits_total
  Counter cache_misses;                                    // rag_cache_misses_total
  CounterFamily<CacheResult, 6> cache_requests;            // rag_cache_requests_total{cache="response",result}
  CounterFamily<CacheResult, 6> embedding_cache_requests;  // rag_cache_requests_total{cache="embedding",result}
  CounterFamily<CacheOp, 3> cache_errors;                  // rag_cache_errors_total{op}
  CounterFamily<Eviction, 3> cache_evictions;              // rag_cache_evictions_total{reason}
  Counter coalesced_queries;                               // rag_coalesced_queries_total
  HistogramFamily<RouteClass, 6> http_duration;            // rag_http_request_duration_seconds{class}
  Gauge in_flight;                                         // rag_in_flight_requests
  Gauge connections_active;                                // rag_connections_active{listener="plain"}
  Counter connections_accepted;                            // rag_connections_accepted_total{listener="plain"}
  CounterFamily<Rejection, 6> rejected;                    // rag_requests_rejected_total{reason}
  Counter rate_limit_shadowed;                             // rag_rate_limit_shadowed_total
  Histogram retrieved_documents;                           // rag_retrieved_documents
  Histogram retrieval_top_score;                           // rag_retrieval_top_score
  Histogram citations_per_answer;                          // rag_citations_per_answer
  CounterFamily<IngestOutcome, 4> ingest_documents;        // rag_ingest_documents_total{outcome}
  HttpRequestCounter http_requests;                        // rag_http_requests_total{route,method,code}
  UpstreamMetrics upstreams;                               // rag_upstream_*, rag_circuit_breaker_open{upstream}
  CounterFamily<SnapshotOutcome, 2> snapshots;             // rag_snapshots_total{outcome}

  /// Gauges that are read when asked for (sizes, ages, dependencies): the owner writes them into the scrape.
  /// Registered at start, before the first scrape; what the callback reads outlives the last scrape.
  void set_sampler(std::function<void(Exposition&)> sampler);

  /// Prometheus text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  std::function<void(Exposition&)> sampler_;
};

}  // namespace ragd::obs
