// One other server as all of ragd's parts should speak to it: on every core a client, a circuit breaker and a retry
// budget of its own, and requests that go through the three of them.
//
// send is for coroutines on any of the cores given at the start; nothing is shared between them but counters. What the
// breaker holds back is Errc::unavailable at once. Any status is a response, also after the last retry; what it means
// is the caller's to say. For streams there is on(): the caller then asks the breaker and reports to it himself, and
// records the call. It is destroyed after its cores have ended, or have done what close() gave them to do.
#pragma once

#include "net/breaker.hpp"
#include "net/retry_policy.hpp"
#include "net/tls_context.hpp"
#include "net/upstream.hpp"
#include "obs/upstream_metrics.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ragd::net {

struct GuardSettings {
  std::chrono::milliseconds connect{2'000};
  std::chrono::milliseconds timeout{30'000};  ///< of one attempt
  UpstreamSettings client;
  TlsSettings tls;
  BreakerSettings breaker;
  RetrySettings retry;
};

/// Sums over the cores since the start, but for open_breakers, which is now.
struct GuardStats {
  std::uint64_t attempts = 0;  ///< requests that went out, retries among them
  std::uint64_t retries = 0;
  std::uint64_t held_back = 0;  ///< by a breaker
  std::size_t open_breakers = 0;
};

class GuardedUpstream {
 public:
  /// The server as one core sees it.
  struct Core {
    Core(boost::asio::io_context& its_context, const UpstreamUrl& url, const GuardSettings& settings,
         const TlsContextPtr& tls, const obs::UpstreamRecorder& its_recorder, std::uint64_t seed);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    /// To the breaker, and its new state to the metrics.
    void report(Breaker::Ticket ticket, Breaker::Outcome outcome, SteadyTime now);

    boost::asio::io_context& context;
    const obs::UpstreamRecorder recorder;
    UpstreamClient client;
    Breaker breaker;
    RetryPolicy retries;
    std::atomic<std::uint64_t> attempts{0};
    std::atomic<std::uint64_t> retried{0};
    std::atomic<std::uint64_t> held_back{0};
    std::atomic<bool> open{false};  ///< or half-open
  };

  /// Reads the certificate authorities for https, and blocks meanwhile.
  [[nodiscard]] static Result<std::unique_ptr<GuardedUpstream>> make(const std::vector<boost::asio::io_context*>& cores,
                                                                     const UpstreamUrl& url,
                                                                     const GuardSettings& settings,
                                                                     const obs::UpstreamRecorder& recorder);

  [[nodiscard]] Task<Result<UpstreamResponse>> send(const UpstreamRequest& request, SteadyTime deadline);

  /// Of the coroutine's own executor.
  [[nodiscard]] Core& on(const Executor& executor);
  /// One attempt, begun now, within the caller's deadline.
  [[nodiscard]] UpstreamDeadlines deadlines_within(SteadyTime deadline) const;

  [[nodiscard]] const UpstreamUrl& url() const { return url_; }
  /// From any thread.
  [[nodiscard]] GuardStats stats() const;

  /// From any thread: every core's client keeps no connections from then on, so that the cores can end.
  void close();

 private:
  GuardedUpstream(const std::vector<boost::asio::io_context*>& cores, const UpstreamUrl& url,
                  const GuardSettings& settings, const TlsContextPtr& tls, const obs::UpstreamRecorder& recorder);

  [[nodiscard]] Task<Result<UpstreamResponse>> attempt(Core& core, Breaker::Ticket ticket,
                                                       const UpstreamRequest& request, SteadyTime deadline);

  const UpstreamUrl url_;
  const GuardSettings settings_;
  std::vector<std::unique_ptr<Core>> cores_;
};

}  // namespace ragd::net
