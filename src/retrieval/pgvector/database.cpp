#include "retrieval/pgvector/database.hpp"

#include "retrieval/pgvector/schema.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <random>
#include <stdexcept>
#include <tuple>

namespace ragd::retrieval::pgvector {

namespace {

using Outcome = net::Breaker::Outcome;

/// A caller in a hurry must not open the breaker for those with time.
constexpr std::chrono::milliseconds kFairTime{1'000};

std::size_t writers_of(std::size_t connections) {
  return std::max<std::size_t>(1, connections / 4);
}

}  // namespace

obs::UpstreamOutcome outcome_of(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return obs::UpstreamOutcome::success;
    case Errc::deadline_exceeded:
      return obs::UpstreamOutcome::timeout;
    case Errc::canceled:
      return obs::UpstreamOutcome::canceled;
    default:
      return obs::UpstreamOutcome::error;
  }
}

Pool::SetUp Database::set_up_of(Database& database) {
  return [&database](Connection& connection, SteadyTime deadline) { return database.set_up(connection, deadline); };
}

Database::Core::Core(boost::asio::io_context& its_context, Database& database, std::size_t connections,
                     std::uint64_t seed)
    : context(its_context),
      recorder(database.recorder_),
      readers(its_context.get_executor(), database.url_, connections - writers_of(connections),
              database.settings_.timeout, set_up_of(database)),
      writers(its_context.get_executor(), database.url_, writers_of(connections), database.settings_.timeout,
              set_up_of(database)),
      breaker(database.settings_.breaker, seed),
      retries(database.settings_.retry, seed + 1) {}

Database::Core::~Core() {
  if (open) recorder.breaker_closed();
}

void Database::Core::report(net::Breaker::Ticket ticket, net::Breaker::Outcome outcome) {
  breaker.report(ticket, outcome, std::chrono::steady_clock::now());
  const bool is_open = breaker.state() != net::Breaker::State::closed;
  if (std::exchange(open, is_open) == is_open) return;
  if (is_open) {
    recorder.breaker_opened();
  } else {
    recorder.breaker_closed();
  }
}

Database::Database(const std::vector<boost::asio::io_context*>& cores, PostgresUrl url, DatabaseSettings settings,
                   const obs::UpstreamRecorder& recorder)
    : url_(std::move(url)), settings_(std::move(settings)), recorder_(recorder) {
  std::random_device seed;
  const std::size_t each = std::max<std::size_t>(2, settings_.connections / std::max<std::size_t>(1, cores.size()));
  for (boost::asio::io_context* const core : cores) {
    cores_.push_back(std::make_unique<Core>(*core, *this, each, seed()));
  }
}

Result<void> Database::prepare() {
  boost::asio::io_context here{1};
  Core core(here, *this, 2, 0);
  std::optional<Result<std::unique_ptr<Connection>>> opened;
  const auto on_opened = [&opened](const std::exception_ptr& bug, Result<std::unique_ptr<Connection>> result) {
    if (bug) std::rethrow_exception(bug);
    opened.emplace(std::move(result));
  };
  const SteadyTime deadline = std::chrono::steady_clock::now() + settings_.timeout;
  boost::asio::co_spawn(here, core.writers.open(deadline), on_opened);
  here.run();
  Result<void> prepared;
  if (opened->has_error()) prepared = opened->error();
  opened.reset();  // before the io_context that watches it
  return prepared;
}

Task<Result<std::unique_ptr<Connection>>> Database::open(SteadyTime deadline) {
  const Executor here = co_await boost::asio::this_coro::executor;
  Core& core = on(here);
  co_return co_await core.writers.open(deadline);
}

void Database::close() {
  for (const auto& core : cores_) {
    boost::asio::post(core->context, [&core = *core] {
      core.readers.close();
      core.writers.close();
    });
  }
}

Task<Result<void>> Database::set_up(Connection& connection, SteadyTime deadline) {
  Result<void> done = co_await set_up_session(connection, deadline);
  if (!done || ready_.load(std::memory_order_acquire)) co_return done;
  done = co_await migrate(connection, deadline);
  if (done) {
    done = co_await set_up_session(connection, deadline);  // once more: another replica may have brought pgvector
  }
  if (done && !settings_.model_tag.empty()) {
    done = co_await register_model(connection, deadline);
  }
  if (!done) co_return fail(done.error().code, url_.origin + ": " + done.error().detail);
  ready_.store(true, std::memory_order_release);
  co_return done;
}

Task<Result<void>> Database::register_model(Connection& connection, SteadyTime deadline) {
  std::vector<Statement> statements(2);
  statements[0] << "INSERT INTO ragd.models (tag) VALUES (";
  statements[0].bind(settings_.model_tag) << ") ON CONFLICT DO NOTHING";
  // The model of the replica that was started last is the one documents are embedded with from now on.
  statements[1] << "WITH its AS (SELECT id FROM ragd.models WHERE tag = ";
  statements[1].bind(settings_.model_tag) << "), current AS (UPDATE ragd.meta SET current_model = its.id FROM its "
                                             "WHERE current_model IS DISTINCT FROM its.id) SELECT id FROM its";
  const Result<AllRows> rows = co_await connection.run(std::move(statements), deadline);
  if (!rows) co_return rows.error();
  model_.store(rows->at(1).integer(0, 0), std::memory_order_relaxed);
  co_return Result<void>();
}

SteadyTime Database::until(const Effort& effort) const {
  if (!effort.is_read) return effort.deadline;
  return std::min(effort.deadline, std::chrono::steady_clock::now() + settings_.timeout);
}

Error Database::judge(Core& core, net::Breaker::Ticket ticket, SteadyTime begun, const Effort& effort,
                      Error error) const {
  const SteadyTime now = std::chrono::steady_clock::now();
  Outcome outcome = Outcome::unknown;
  if (error.code == Errc::unavailable) outcome = Outcome::failure;
  if (error.code == Errc::deadline_exceeded) {
    if (effort.deadline - begun >= std::min(kFairTime, settings_.timeout / 2)) outcome = Outcome::failure;
    // The attempt's time was up, not the caller's.
    if (now < effort.deadline) error.code = Errc::unavailable;
  }
  if (error.code == Errc::not_found) outcome = Outcome::success;
  core.report(ticket, outcome);
  return error;
}

Task<bool> Database::pause_for(std::chrono::milliseconds pause) {
  const Executor here = co_await boost::asio::this_coro::executor;
  net::Timer timer(here, pause);
  const boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await timer.async_wait(token);
  co_return !std::get<0>(waited);
}

Database::Core& Database::on(const Executor& executor) {
  const auto found = std::find_if(cores_.begin(), cores_.end(),
                                  [&executor](const auto& core) { return &core->context == &executor.context(); });
  if (found == cores_.end()) throw std::logic_error("the database was asked for on a core it was not made for");
  return **found;
}

}  // namespace ragd::retrieval::pgvector
