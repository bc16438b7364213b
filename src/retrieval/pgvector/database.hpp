// One PostgreSQL as ragd speaks to it: on every core a pool, a circuit breaker and a retry budget, and work that goes
// through the three of them.
//
// run is for coroutines on any of the cores given at the start; nothing is shared between them but counters and what is
// known of the schema. What the breaker holds back is Errc::unavailable at once.
#pragma once

#include "net/breaker.hpp"
#include "net/retry_policy.hpp"
#include "obs/upstream_metrics.hpp"
#include "retrieval/pgvector/pool.hpp"
#include "retrieval/pgvector/postgres_url.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

struct DatabaseSettings {
  std::size_t connections = 16;              ///< of this process, divided among the cores; each has one at least
  std::chrono::milliseconds timeout{5'000};  ///< of connecting, and of one attempt to read
  std::string model_tag;                     ///< of the embedder; empty: there is none
  net::BreakerSettings breaker;
  net::RetrySettings retry;
};

/// How work may be done.
struct Effort {
  SteadyTime deadline;
  bool repeatable = true;  ///< doing it twice does no harm
  bool is_read = true;     ///< one attempt takes no longer than the timeout
};

[[nodiscard]] obs::UpstreamOutcome outcome_of(const Error& error);

class Database {
 public:
  /// The metrics behind `recorder` must outlive this.
  Database(const std::vector<boost::asio::io_context*>& cores, PostgresUrl url, DatabaseSettings settings,
           const obs::UpstreamRecorder& recorder);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Makes the schema or brings it up to date; blocks, and is no more than a beginning: the first connection does the
  /// same where this one was not possible. Errc::internal: the database cannot be used as it is.
  [[nodiscard]] Result<void> prepare();

  /// `work(connection, deadline)` gives a Task of a Result.
  template <class Work>
  [[nodiscard]] auto run(Effort effort, Work work) -> decltype(work(std::declval<Connection&>(), SteadyTime()));

  /// A connection beside the pool, for work of minutes.
  [[nodiscard]] Task<Result<std::unique_ptr<Connection>>> open(SteadyTime deadline);

  /// From any thread, at the end: what is under way on any core ends soon, with Errc::canceled.
  void close();

  /// The number the database gave to the embedder's model; 0 without one, or before the first connection.
  [[nodiscard]] std::uint64_t model() const { return model_.load(std::memory_order_relaxed); }

  [[nodiscard]] const std::string& origin() const { return url_.origin; }
  [[nodiscard]] std::chrono::milliseconds timeout() const { return settings_.timeout; }

 private:
  struct Core {
    Core(boost::asio::io_context& its_context, Database& database, std::size_t connections, std::uint64_t seed);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    void report(net::Breaker::Ticket ticket, net::Breaker::Outcome outcome);

    boost::asio::io_context& context;
    const obs::UpstreamRecorder recorder;
    // Apart: writes of one tenant wait for each other, and must not take all connections meanwhile.
    Pool readers;
    Pool writers;
    net::Breaker breaker;
    net::RetryPolicy retries;
    bool open = false;  // or half-open
  };

  [[nodiscard]] static Pool::SetUp set_up_of(Database& database);
  [[nodiscard]] Core& on(const Executor& executor);
  [[nodiscard]] Task<Result<void>> set_up(Connection& connection, SteadyTime deadline);
  [[nodiscard]] Task<Result<void>> register_model(Connection& connection, SteadyTime deadline);

  [[nodiscard]] SteadyTime until(const Effort& effort) const;
  /// Tells the breaker, and what the caller is to be told.
  [[nodiscard]] Error judge(Core& core, net::Breaker::Ticket ticket, SteadyTime begun, const Effort& effort,
                            Error error) const;
  [[nodiscard]] static Task<bool> pause_for(std::chrono::milliseconds pause);

  const PostgresUrl url_;
  const DatabaseSettings settings_;
  const obs::UpstreamRecorder recorder_;
  std::atomic<bool> ready_{false};  // the schema has been seen to
  std::atomic<std::uint64_t> model_{0};
  std::vector<std::unique_ptr<Core>> cores_;
};

template <class Work>
auto Database::run(Effort effort, Work work) -> decltype(work(std::declval<Connection&>(), SteadyTime())) {
  const Executor here = co_await boost::asio::this_coro::executor;
  Core& core = on(here);
  core.retries.note_request();
  for (unsigned number = 1;; ++number) {
    const std::optional<net::Breaker::Ticket> ticket = core.breaker.admit(std::chrono::steady_clock::now());
    if (!ticket) co_return fail(Errc::unavailable, url_.origin + " is left alone after too many failures");
    if (number > 1) core.recorder.count_retry();
    const SteadyTime begun = std::chrono::steady_clock::now();
    const SteadyTime limit = until(effort);
    std::optional<Error> failure;
    {
      obs::UpstreamCall call(core.recorder, begun);
      Pool& pool = effort.is_read ? core.readers : core.writers;
      Result<Lease> lease = co_await pool.acquire(limit);
      if (lease) {
        auto result = co_await work(lease->connection(), limit);
        lease->keep();  // where it is in order: after what the work itself decided, such as that nothing was found
        if (result) {
          call.end(obs::UpstreamOutcome::success, std::chrono::steady_clock::now());
          core.report(*ticket, net::Breaker::Outcome::success);
          co_return result;
        }
        failure = result.error();
      } else {
        failure = lease.error();
      }
      call.end(outcome_of(*failure), std::chrono::steady_clock::now());
    }
    failure = judge(core, *ticket, begun, effort, std::move(*failure));
    const net::FailedAttempt failed{number, effort.repeatable, net::repeat_after(*failure), {}, effort.deadline};
    const auto rest = core.retries.decide(failed, std::chrono::steady_clock::now());
    if (!rest) co_return *failure;
    const std::chrono::milliseconds pause = *rest;
    const bool waited = co_await pause_for(pause);
    if (!waited) co_return fail(Errc::canceled, url_.origin + ": canceled before another attempt");
  }
}

}  // namespace ragd::retrieval::pgvector
