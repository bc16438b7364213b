// What ragd counts about the servers it calls, whatever protocol it speaks with them.
//
// Thread-safe: what Cells promises. A backend holds an UpstreamRecorder and begins an UpstreamCall for each request
// that goes out, a retry among them; what a circuit breaker holds back is no request. The metrics must outlive the
// calls, those in coroutines that are destroyed where they stand included.
#pragma once

#include "obs/counters.hpp"
#include "obs/exposition.hpp"

#include <ragd/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ragd::obs {

enum class Upstream : std::uint8_t { llm, embeddings, vector_db, cache_remote };
enum class UpstreamOutcome : std::uint8_t { success, error, timeout, canceled };

inline constexpr std::size_t kUpstreams = 4;
inline constexpr std::size_t kUpstreamOutcomes = 4;

class UpstreamMetrics {
 public:
  explicit UpstreamMetrics(std::span<const double> duration_bounds) : durations_(duration_bounds) {}

  void count(Upstream upstream, UpstreamOutcome outcome, SteadyTime::duration took);
  void count_retry(Upstream upstream) { retries_.add(upstream); }
  /// One more breaker that is open or half-open, or one less: with one a core, the gauge is 1 while any of them is.
  void breaker_opened(Upstream upstream) { open_breakers_[static_cast<std::size_t>(upstream)].add(1); }
  void breaker_closed(Upstream upstream) { open_breakers_[static_cast<std::size_t>(upstream)].add(-1); }

  void write(Exposition& out) const;

 private:
  std::array<CounterFamily<UpstreamOutcome, kUpstreamOutcomes>, kUpstreams> requests_;
  HistogramFamily<Upstream, kUpstreams> durations_;
  CounterFamily<Upstream, kUpstreams> retries_;
  std::array<Gauge, kUpstreams> open_breakers_;
};

/// The metrics, and the name one backend goes by in them.
class UpstreamRecorder {
 public:
  UpstreamRecorder(UpstreamMetrics& metrics, Upstream upstream) : metrics_(&metrics), upstream_(upstream) {}

  void count(UpstreamOutcome outcome, SteadyTime::duration took) const { metrics_->count(upstream_, outcome, took); }
  void count_retry() const { metrics_->count_retry(upstream_); }
  void breaker_opened() const { metrics_->breaker_opened(upstream_); }
  void breaker_closed() const { metrics_->breaker_closed(upstream_); }

 private:
  UpstreamMetrics* metrics_;
  Upstream upstream_;
};

/// One request under way. Without an end, because its coroutine was canceled or thrown out of, it is canceled.
class UpstreamCall {
 public:
  UpstreamCall(const UpstreamRecorder& recorder, SteadyTime now) : recorder_(recorder), begun_(now) {}
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  /// Once.
  void end(UpstreamOutcome outcome, SteadyTime now);

 private:
  const UpstreamRecorder recorder_;
  const SteadyTime begun_;
  bool ended_ = false;
};

}  // namespace ragd::obs
