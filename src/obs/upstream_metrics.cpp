#include "obs/upstream_metrics.hpp"

#include <chrono>
#include <string_view>

namespace ragd::obs {

namespace {

// Each in the order of its enum.
constexpr std::array<std::string_view, kUpstreams> kNames = {"llm", "embeddings", "vector_db", "cache_remote"};
constexpr std::array<std::string_view, kUpstreamOutcomes> kOutcomes = {"success", "error", "timeout", "canceled"};

}  // namespace

void UpstreamMetrics::count(Upstream upstream, UpstreamOutcome outcome, SteadyTime::duration took) {
  requests_[static_cast<std::size_t>(upstream)].add(outcome);
  durations_.observe(upstream, std::chrono::duration<double>(took).count());
}

void UpstreamMetrics::write(Exposition& out) const {
  for (std::size_t i = 0; i < kUpstreams; ++i) {
    out.counters("rag_upstream_requests_total", "Requests sent to other servers, retries among them.",
                 {"upstream", kNames[i]}, "outcome", kOutcomes, requests_[i]);
  }
  out.histograms("rag_upstream_request_duration_seconds",
                 "Such a request, the wait for a connection included, to the last byte of its answer.", "upstream",
                 kNames, durations_);
  out.counters("rag_upstream_retries_total", "Such requests that repeated a failed one.", "upstream", kNames, retries_);
  for (std::size_t i = 0; i < kUpstreams; ++i) {
    out.gauge("rag_circuit_breaker_open", "1 while a core's circuit breaker is open, or half-open to try again.",
              open_breakers_[i].value() > 0 ? 1 : 0, {{"upstream", kNames[i]}});
  }
}

UpstreamCall::~UpstreamCall() {
  if (!ended_) recorder_.count(UpstreamOutcome::canceled, std::chrono::steady_clock::now() - begun_);
}

void UpstreamCall::end(UpstreamOutcome outcome, SteadyTime now) {
  ended_ = true;
  recorder_.count(outcome, now - begun_);
}

}  // namespace ragd::obs
