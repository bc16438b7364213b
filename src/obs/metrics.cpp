#include "obs/metrics.hpp"

#include "obs/log.hpp"
#include "obs/process_metrics.hpp"

#include <utility>

namespace ragd::obs {

namespace {

// Seconds. kDuration contains every bound dashboards of the first prototype used.
constexpr std::array kDuration = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                  0.5,   1.0,    2.0,   5.0,  10.0,  30.0, 60.0};
constexpr std::array kShort = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                               0.0025,  0.005,    0.01,    0.025,  0.05,    0.1};
constexpr std::array kRetrieved = {0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0};
constexpr std::array kScore = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
constexpr std::array kCitations = {0.0, 1.0, 2.0, 3.0, 5.0, 10.0};

template <std::size_t N>
using Names = std::array<std::string_view, N>;

// Each in the order of its enum.
constexpr Names<5> kOutcomes = {"success", "cached", "no_answer", "error", "canceled"};
constexpr Names<kStages> kStageNames = {"parse",  "cache_lookup", "embed",     "retrieve",
                                        "rerank", "generate",     "serialize", "cache_store"};
constexpr Names<6> kCacheResults = {"hit", "stale", "revalidated", "miss", "coalesced", "bypass"};
constexpr Names<3> kCacheOps = {"get", "put", "open"};
constexpr Names<3> kEvictions = {"ttl", "size", "invalidated"};
constexpr Names<6> kRejections = {"rate_limit",  "overload",     "body_too_large",
                                  "bad_request", "unauthorized", "shutting_down"};
constexpr Names<6> kRouteClasses = {"query", "search", "documents", "openai", "mcp", "other"};
constexpr Names<4> kIngestOutcomes = {"accepted", "unchanged", "rejected", "error"};
constexpr Names<2> kSnapshotOutcomes = {"taken", "failed"};

}  // namespace

Metrics::Metrics()
    : query_duration(kDuration),
      overhead(kShort),
      stage_duration(kDuration),
      http_duration(kDuration),
      retrieved_documents(kRetrieved),
      retrieval_top_score(kScore),
      citations_per_answer(kCitations),
      upstreams(kDuration) {}

Metrics::~Metrics() = default;

void Metrics::set_sampler(std::function<void(Exposition&)> sampler) {
  sampler_ = std::move(sampler);
}

// The catalogue: a row a family.
std::string Metrics::text() const {
  Exposition out;
  // clang-format off
  out.counters("rag_queries_total", "Finished queries, one outcome each.", "status", kOutcomes, queries);
  out.histogram("rag_query_duration_seconds", "First request byte to last answer byte of a query.", query_duration);
  out.histogram("rag_overhead_seconds", "Query time less the time spent waiting on upstreams.", overhead);
  out.histograms("rag_stage_duration_seconds", "Where a query's time goes; parse begins with the last byte of the request.", "stage", kStageNames, stage_duration);
  out.counter("rag_cache_hits_total", "Answers served from the response cache.", cache_hits.value());
  out.counter("rag_cache_misses_total", "Questions the response cache had no valid answer for.", cache_misses.value());
  out.counters("rag_cache_requests_total", "Cache lookups by what came of them.", {"cache", "response"}, "result", kCacheResults, cache_requests);
  out.counters("rag_cache_requests_total", "Cache lookups by what came of them.", {"cache", "embedding"}, "result", kCacheResults, embedding_cache_requests);
  out.counters("rag_cache_errors_total", "Cache faults; the question was answered anyway.", "op", kCacheOps, cache_errors);
  out.counters("rag_cache_evictions_total", "Cache entries removed.", "reason", kEvictions, cache_evictions);
  out.counter("rag_coalesced_queries_total", "Queries that waited for an identical one in flight.", coalesced_queries.value());
  http_requests.write(out, "rag_http_requests_total", "HTTP answers of any kind.");
  out.histograms("rag_http_request_duration_seconds", "First request byte to last answer byte.", "class", kRouteClasses, http_duration);
  out.gauge("rag_in_flight_requests", "Requests being worked on.", in_flight.value());
  out.gauge("rag_connections_active", "Open client connections.", connections_active.value(), {{"listener", "plain"}});
  out.counter("rag_connections_accepted_total", "Client connections accepted.", connections_accepted.value(), {{"listener", "plain"}});
  out.counters("rag_requests_rejected_total", "Requests refused before any work was done.", "reason", kRejections, rejected);
  out.counter("rag_rate_limit_shadowed_total", "Requests over the limit that shadow mode let pass.", rate_limit_shadowed.value());
  out.histogram("rag_retrieved_documents", "Passages a query retrieved.", retrieved_documents);
  out.histogram("rag_retrieval_top_score", "Best passage's score over the query's attainable maximum.", retrieval_top_score);
  out.histogram("rag_citations_per_answer", "Citations an answer carries.", citations_per_answer);
  out.counters("rag_ingest_documents_total", "Documents sent for ingestion.", "outcome", kIngestOutcomes, ingest_documents);
  upstreams.write(out);
  out.counters("rag_snapshots_total", "Snapshots of the corpus that were asked for.", "outcome", kSnapshotOutcomes, snapshots);
  out.counter("rag_log_dropped_total", "Log lines lost because the output was too slow or broken.", log_dropped());
  // clang-format on
  write_process_metrics(out);
  if (sampler_) sampler_(out);
  return out.text();
}

}  // namespace ragd::obs
