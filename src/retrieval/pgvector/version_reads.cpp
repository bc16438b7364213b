#include "retrieval/pgvector/version_reads.hpp"

#include "retrieval/pgvector/statement.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <list>
#include <tuple>
#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

namespace asio = boost::asio;

struct VersionReads::Shared {
  std::set<std::string> tenants;
  bool done = false;
  Result<Versions> result;
  std::list<net::Timer*> alarms;  // each lies in a waiting coroutine
};

/// The waiting coroutine's timer, taken away from the read however the coroutine ends.
class VersionReads::Alarm {
 public:
  Alarm(Shared& shared, const Executor& executor, SteadyTime deadline)
      : shared_(shared), timer_(executor, deadline), place_(shared.alarms.insert(shared.alarms.end(), &timer_)) {}
  ~Alarm() { shared_.alarms.erase(place_); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  [[nodiscard]] net::Timer& timer() { return timer_; }

 private:
  Shared& shared_;
  net::Timer timer_;
  std::list<net::Timer*>::iterator place_;
};

Task<Result<VersionPtr>> VersionReads::read(std::string tenant, SteadyTime deadline) {
  if (!next_) next_ = std::make_shared<Shared>();
  next_->tenants.insert(tenant);
  const std::shared_ptr<Shared> shared = next_;
  Alarm alarm(*shared, executor_, deadline);
  if (!reading_) start();
  const asio::as_tuple_t<asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await alarm.timer().async_wait(token);
  if (!shared->done) {
    if (std::get<0>(waited)) co_return fail(Errc::canceled, database_.origin() + ": canceled");
    co_return fail(Errc::deadline_exceeded, database_.origin() + ": the corpus version did not come in time");
  }
  if (!shared->result) co_return shared->result.error();
  co_return shared->result->at(tenant);
}

void VersionReads::start() {
  reading_ = true;
  ++reads_;
  const std::shared_ptr<Shared> shared = std::exchange(next_, nullptr);
  auto on_read = [this, shared](const std::exception_ptr& bug, Result<Versions> result) {
    shared->done = true;
    shared->result =
        bug ? Result<Versions>(fail(Errc::internal, "reading the corpus version threw")) : std::move(result);
    for (net::Timer* const alarm : shared->alarms) alarm->cancel();
    reading_ = false;
    if (next_) start();
  };
  asio::co_spawn(executor_, ask(shared->tenants), std::move(on_read));
}

Task<Result<VersionReads::Versions>> VersionReads::ask(std::set<std::string> tenants) {
  const auto work = [&tenants](Connection& connection, SteadyTime deadline) {
    Statement select("SELECT t.tenant, coalesce(c.uuid, m.uuid) || '-' || coalesce(c.counter, 0) FROM unnest(");
    select.bind(array_of(tenants)) << "::text[]) AS t(tenant) CROSS JOIN ragd.meta m "
                                      "LEFT JOIN ragd.corpus c ON c.tenant = t.tenant";
    return connection.run({std::move(select)}, deadline);
  };
  const Effort effort{std::chrono::steady_clock::now() + database_.timeout(), true, true};
  const Result<AllRows> rows = co_await database_.run(effort, work);
  if (!rows) co_return rows.error();
  Versions versions;
  const Rows& found = rows->at(0);
  for (std::size_t i = 0; i < found.size(); ++i) {
    versions[found.text(i, 0)] = std::make_shared<const std::string>(found.view(i, 1));
  }
  co_return versions;
}

}  // namespace ragd::retrieval::pgvector
