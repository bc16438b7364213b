// The connections of one core: bounded in number, kept for the next user, and a bounded queue of those who wait for
// one.
//
// Belongs to its core; no locks. Who waits is served in order, and leaves at its deadline. A kept connection is looked
// at before it is given out again, and closed once it is old, so that a server behind a name may move. Nothing runs in
// the background. It must outlive its leases.
#pragma once

#include "net/upstream_resolver.hpp"
#include "retrieval/pgvector/connection.hpp"
#include "retrieval/pgvector/postgres_url.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace ragd::retrieval::pgvector {

class Pool;

/// One of the pool's places, and a connection in it. Closes the connection unless it is kept.
class Lease {
 public:
  explicit Lease(Pool& pool) : pool_(&pool) {}
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) = delete;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  [[nodiscard]] Connection& connection() const { return *connection_; }
  /// Back to the pool, if the connection is in order.
  void keep();

 private:
  friend class Pool;
  Pool* pool_;
  std::unique_ptr<Connection> connection_;
};

class Pool {
 public:
  static constexpr std::size_t kMaxWaiting = 1'024;
  static constexpr std::chrono::minutes kMaxAge{30};

  /// Makes a connection fit for use, before its first.
  using SetUp = std::function<Task<Result<void>>(Connection&, SteadyTime deadline)>;

  Pool(const Executor& executor, const PostgresUrl& url, std::size_t max_connections,
       std::chrono::milliseconds connect_timeout, SetUp set_up);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] Task<Result<Lease>> acquire(SteadyTime deadline);

  /// A connection beside the pool, for work of minutes.
  [[nodiscard]] Task<Result<std::unique_ptr<Connection>>> open(SteadyTime deadline);

  /// Who waits here or on a connection of it waits no longer (Errc::canceled), nor does anyone from then on.
  void close();

 private:
  friend class Lease;
  struct Waiter;

  [[nodiscard]] Task<Result<Lease>> take_place(SteadyTime deadline);
  [[nodiscard]] std::unique_ptr<Connection> take_idle();
  void release_place();

  const Executor executor_;
  const PostgresUrl& url_;
  const std::size_t max_connections_;
  const std::chrono::milliseconds connect_timeout_;
  const SetUp set_up_;
  net::UpstreamResolver resolver_;
  Waits waits_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;  // the latest used at the end
  std::list<Waiter*> waiters_;                     // each lies in a waiting coroutine; only while all places are in use
};

}  // namespace ragd::retrieval::pgvector
