#include "net/upstream_pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace ragd::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kToken;

Error cannot_reach(const UpstreamUrl& url, const error_code& ec, const std::string& why, SteadyTime deadline) {
  const std::string prefix = std::string(kCannotReach) + url.origin + ": ";
  if (ec == asio::error::operation_aborted) return fail(Errc::canceled, prefix + "canceled");
  if (ec == asio::error::connection_refused) return fail(Errc::unavailable, prefix + std::string(kConnectionRefused));
  if (ec != asio::error::timed_out) return fail(Errc::unavailable, prefix + why);
  const bool own_limit = std::chrono::steady_clock::now() < deadline;
  return fail(own_limit ? Errc::unavailable : Errc::deadline_exceeded, prefix + "it " + std::string(kTooSlow));
}

}  // namespace

struct UpstreamPool::Waiter {
  Waiter(UpstreamPool& its_pool, SteadyTime deadline)
      : pool(its_pool),
        timer(its_pool.executor_, deadline),
        place(its_pool.waiters_.insert(its_pool.waiters_.end(), this)) {}
  ~Waiter() {
    if (!granted) {
      pool.waiters_.erase(place);
    } else if (!taken) {
      pool.release_place();
    }
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void grant() {
    granted = true;
    pool.waiters_.erase(place);
    timer.cancel();
  }

  UpstreamPool& pool;
  Timer timer;
  std::list<Waiter*>::iterator place;
  bool granted = false;  // a place in the pool is counted for it
  bool taken = false;    // a lease counts it
};

Task<Result<void>> UpstreamLease::connect(SteadyTime connected_by, SteadyTime deadline) {
  UpstreamPool& pool = *pool_;
  const SteadyTime until = std::min(connected_by, deadline);
  connection_.reset();
  Resolved resolved = co_await pool.resolver_.resolve(until);
  if (resolved.error) {
    co_return cannot_reach(pool.url_, resolved.error, resolved.error.message(), deadline);
  }
  auto fresh = std::make_unique<UpstreamConnection>(pool.executor_, pool.url_, pool.tls_, pool.session_);
  const error_code ec = co_await fresh->connect(std::move(resolved.endpoints), until);
  if (ec) co_return cannot_reach(pool.url_, ec, fresh->explain(ec), deadline);
  ++pool.opened_;
  connection_ = std::move(fresh);
  co_return Result<void>();
}

void UpstreamLease::keep() {
  if (is_over()) return;
  pool_->put_idle(pool_, std::move(connection_));
  give_up();
}

void UpstreamLease::give_up() {
  if (is_over()) return;
  connection_.reset();
  const UpstreamPoolPtr pool = std::move(pool_);
  pool->release_place();
}

UpstreamPool::UpstreamPool(const Executor& executor, const UpstreamUrl& url, const PoolSettings& settings,
                           TlsContextPtr tls)
    : executor_(executor),
      url_(url),
      settings_(settings),
      tls_(std::move(tls)),
      resolver_(executor, url.host, url.port),
      idle_timer_(executor) {}

Task<Result<UpstreamLease>> UpstreamPool::acquire(UpstreamPoolPtr pool, SteadyTime deadline) {
  if (pool->in_use_ >= pool->settings_.max_connections) {
    const std::string& origin = pool->url_.origin;
    if (pool->waiters_.size() >= pool->settings_.max_waiting) {
      co_return fail(Errc::overloaded, origin + ": too many requests wait for a connection");
    }
    Waiter waiter(*pool, deadline);
    const auto waited = co_await waiter.timer.async_wait(kToken);
    if (!waiter.granted) {
      const bool rang = !std::get<0>(waited);
      if (!rang) co_return fail(Errc::canceled, origin + ": canceled while waiting for a connection");
      co_return fail(Errc::deadline_exceeded, origin + ": no connection became free in time");
    }
    waiter.taken = true;
  } else {
    ++pool->in_use_;
  }
  std::unique_ptr<UpstreamConnection> kept = pool->take_idle();
  co_return UpstreamLease(std::move(pool), std::move(kept));
}

void UpstreamPool::close() {
  closed_ = true;
  idle_.clear();
  idle_timer_.cancel();
}

PoolStats UpstreamPool::stats() const {
  return {in_use_, idle_.size(), waiters_.size(), opened_, reused_};
}

std::unique_ptr<UpstreamConnection> UpstreamPool::take_idle() {
  while (!idle_.empty()) {
    std::unique_ptr<UpstreamConnection> newest = std::move(idle_.back().connection);
    idle_.pop_back();
    newest->unwatch();
    if (newest->is_quiet()) {
      ++reused_;
      return newest;
    }
  }
  return nullptr;
}

void UpstreamPool::put_idle(const UpstreamPoolPtr& self, std::unique_ptr<UpstreamConnection> connection) {
  if (closed_) return;
  if (TlsSession session = connection->session()) session_ = std::move(session);
  const std::uint64_t id = next_idle_id_++;
  connection->watch([pool = std::weak_ptr<UpstreamPool>(self), id] {
    if (const UpstreamPoolPtr alive = pool.lock()) alive->drop_idle(id);
  });
  idle_.push_back({id, std::move(connection), std::chrono::steady_clock::now() + settings_.idle_timeout});
  if (!armed_) arm(self);
}

void UpstreamPool::drop_idle(std::uint64_t id) {
  std::erase_if(idle_, [id](const Idle& idle) { return idle.id == id; });
  if (idle_.empty()) idle_timer_.cancel();
}

void UpstreamPool::drop_expired(SteadyTime now) {
  while (!idle_.empty() && idle_.front().expires <= now) idle_.pop_front();
}

void UpstreamPool::arm(const UpstreamPoolPtr& self) {
  armed_ = true;
  idle_timer_.expires_at(idle_.front().expires);
  idle_timer_.async_wait([pool = std::weak_ptr<UpstreamPool>(self)](const error_code& /*canceled: none is idle*/) {
    const UpstreamPoolPtr alive = pool.lock();
    if (!alive) return;
    alive->armed_ = false;
    alive->drop_expired(std::chrono::steady_clock::now());
    if (!alive->idle_.empty()) alive->arm(alive);
  });
}

void UpstreamPool::release_place() {
  --in_use_;
  if (waiters_.empty()) return;
  ++in_use_;
  waiters_.front()->grant();
}

}  // namespace ragd::net
