// The connections to one server, on one core: bounded in number, kept for the next request, and a bounded queue of
// those who wait for one.
//
// Belongs to its core; no locks. A kept connection is dropped when it has been idle for too long or the server closes
// it. Who waits is served in order, and leaves at its deadline. It refuses more waiting than the queue has places.
#pragma once

#include "net/upstream_connection.hpp"
#include "net/upstream_message.hpp"
#include "net/upstream_resolver.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <utility>

namespace ragd::net {

struct PoolSettings {
  std::size_t max_connections = 64;
  std::size_t max_waiting = 256;
  std::chrono::milliseconds idle_timeout{30'000};
};

struct PoolStats {
  std::size_t in_use = 0;
  std::size_t idle = 0;
  std::size_t waiting = 0;
  std::uint64_t opened = 0;  ///< connections that came about
  std::uint64_t reused = 0;  ///< times a kept one was handed out
};

class UpstreamPool;
using UpstreamPoolPtr = std::shared_ptr<UpstreamPool>;  // owners: the client, leases, and those who wait for one

/// The right to one connection, and the connection, if there is one yet. Given up, it closes it.
class UpstreamLease {
 public:
  /// Takes over a place that is already counted.
  UpstreamLease(UpstreamPoolPtr pool, std::unique_ptr<UpstreamConnection> kept)
      : pool_(std::move(pool)), connection_(std::move(kept)) {}
  UpstreamLease(UpstreamLease&& other) noexcept = default;
  UpstreamLease& operator=(UpstreamLease&& other) = delete;
  ~UpstreamLease() { give_up(); }

  /// Null until connect has succeeded, unless it was kept from an earlier request.
  [[nodiscard]] UpstreamConnection* connection() const { return connection_.get(); }

  /// A new connection in place of the one there is, until `connected_by`, and `deadline` in any case.
  [[nodiscard]] Task<Result<void>> connect(SteadyTime connected_by, SteadyTime deadline);

  /// The answer is whole: the connection goes back for the next request. Ends the lease.
  void keep();
  void give_up();
  [[nodiscard]] bool is_over() const { return pool_ == nullptr; }

 private:
  UpstreamPoolPtr pool_;  // null: the lease is over
  std::unique_ptr<UpstreamConnection> connection_;
};

class UpstreamPool {
 public:
  UpstreamPool(const Executor& executor, const UpstreamUrl& url, const PoolSettings& settings, TlsContextPtr tls);
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  [[nodiscard]] static Task<Result<UpstreamLease>> acquire(UpstreamPoolPtr pool, SteadyTime deadline);

  /// Drops what is idle and keeps nothing from now on: leaves no work behind on the core.
  void close();

  [[nodiscard]] PoolStats stats() const;

 private:
  friend class UpstreamLease;
  struct Waiter;
  struct Idle {
    std::uint64_t id;
    std::unique_ptr<UpstreamConnection> connection;
    SteadyTime expires;
  };

  /// Null: none is left that the server has not closed.
  [[nodiscard]] std::unique_ptr<UpstreamConnection> take_idle();
  void put_idle(const UpstreamPoolPtr& self, std::unique_ptr<UpstreamConnection> connection);
  void drop_idle(std::uint64_t id);
  void drop_expired(SteadyTime now);
  void arm(const UpstreamPoolPtr& self);
  /// The place goes to who has waited longest.
  void release_place();

  const Executor executor_;
  const UpstreamUrl url_;
  const PoolSettings settings_;
  const TlsContextPtr tls_;
  UpstreamResolver resolver_;
  TlsSession session_;  // of the connection that was kept last

  std::size_t in_use_ = 0;      // leases; with the idle ones never more than max_connections
  std::deque<Idle> idle_;       // the one that expires first in front
  std::list<Waiter*> waiters_;  // each lies in a waiting coroutine; only while all places are in use
  Timer idle_timer_;
  bool armed_ = false;
  bool closed_ = false;
  std::uint64_t next_idle_id_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t reused_ = 0;
};

}  // namespace ragd::net
