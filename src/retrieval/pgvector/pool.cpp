#include "retrieval/pgvector/pool.hpp"

#include "net/upstream_message.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace asio = boost::asio;

struct Pool::Waiter {
  Waiter(Pool& its_pool, SteadyTime deadline)
      : pool(its_pool),
        timer(its_pool.executor_, deadline),
        listed(its_pool.waits_, timer),
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

  Pool& pool;
  net::Timer timer;
  Waits::Listed listed;
  std::list<Waiter*>::iterator place;
  bool granted = false;  // a place in the pool is counted for it
  bool taken = false;    // a lease counts it
};

Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}

Lease::~Lease() {
  connection_.reset();
  if (pool_ != nullptr) pool_->release_place();
}

void Lease::keep() {
  if (connection_ && connection_->is_reusable() && !pool_->waits_.ended())
    pool_->idle_.push_back(std::move(connection_));
}

Pool::Pool(const Executor& executor, const PostgresUrl& url, std::size_t max_connections,
           std::chrono::milliseconds connect_timeout, SetUp set_up)
    : executor_(executor),
      url_(url),
      max_connections_(max_connections),
      connect_timeout_(connect_timeout),
      set_up_(std::move(set_up)),
      resolver_(executor, url.host, url.port) {}

Task<Result<Lease>> Pool::acquire(SteadyTime deadline) {
  Result<Lease> lease = co_await take_place(deadline);
  if (!lease) co_return lease;
  lease->connection_ = take_idle();
  if (lease->connection_) co_return lease;
  Result<std::unique_ptr<Connection>> fresh = co_await open(deadline);
  if (!fresh) co_return fresh.error();
  lease->connection_ = std::move(*fresh);
  co_return lease;
}

Task<Result<std::unique_ptr<Connection>>> Pool::open(SteadyTime deadline) {
  deadline = std::min(deadline, std::chrono::steady_clock::now() + connect_timeout_);
  std::vector<net::Tcp::endpoint> addresses;
  const bool has_address = std::any_of(url_.options.begin(), url_.options.end(),
                                       [](const auto& option) { return option.first == "hostaddr"; });
  if (!url_.is_local() && !has_address) {
    const net::Resolved resolved = co_await resolver_.resolve(deadline);
    if (resolved.error == asio::error::operation_aborted) co_return fail(Errc::canceled, url_.origin + ": canceled");
    if (resolved.error) {
      const Errc code = resolved.error == asio::error::timed_out ? Errc::deadline_exceeded : Errc::unavailable;
      co_return fail(code, std::string(net::kCannotReach) + url_.origin + ": " + resolved.error.message());
    }
    addresses = resolved.endpoints;
  }
  Result<std::unique_ptr<Connection>> fresh = co_await Connection::open(url_, std::move(addresses), waits_, deadline);
  if (!fresh) co_return fresh;
  const Result<void> ready = co_await set_up_(**fresh, deadline);
  if (!ready) co_return ready.error();
  co_return fresh;
}

void Pool::close() {
  waits_.end();
  idle_.clear();
}

Task<Result<Lease>> Pool::take_place(SteadyTime deadline) {
  if (waits_.ended()) co_return fail(Errc::canceled, url_.origin + ": ragd is ending");
  if (in_use_ < max_connections_) {
    ++in_use_;
    co_return Lease(*this);
  }
  if (waiters_.size() >= kMaxWaiting) {
    co_return fail(Errc::overloaded, url_.origin + ": too many requests wait for a connection");
  }
  Waiter waiter(*this, deadline);
  const asio::as_tuple_t<asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await waiter.timer.async_wait(token);
  if (!waiter.granted) {
    if (std::get<0>(waited)) co_return fail(Errc::canceled, url_.origin + ": canceled while waiting for a connection");
    co_return fail(Errc::deadline_exceeded, url_.origin + ": no connection became free in time");
  }
  waiter.taken = true;
  co_return Lease(*this);
}

std::unique_ptr<Connection> Pool::take_idle() {
  const SteadyTime oldest = std::chrono::steady_clock::now() - kMaxAge;
  while (!idle_.empty()) {
    std::unique_ptr<Connection> latest = std::move(idle_.back());
    idle_.pop_back();
    if (latest->opened() > oldest && latest->is_reusable()) return latest;
  }
  return nullptr;
}

void Pool::release_place() {
  --in_use_;
  if (waiters_.empty()) return;
  ++in_use_;
  waiters_.front()->grant();
}

}  // namespace ragd::retrieval::pgvector
