#include "retrieval/pgvector/connection.hpp"

#include "net/upstream_message.hpp"
#include "retrieval/pgvector/sql_errors.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <tuple>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// libpq's messages end with a line break and may have more lines than one.
std::string one_line(const char* message) {
  std::string line = message == nullptr ? "" : message;
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

Error error_of(const std::string& origin, const PGresult* result) {
  const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string sqlstate = field == nullptr ? "08006" : field;  // libpq's own, of a lost connection, have none
  return fail(errc_of(sqlstate), origin + ": " + one_line(PQresultErrorMessage(result)) + " (" + sqlstate + ")");
}

/// Hints for people at a terminal; libpq would print them.
void ignore_notice(void* /*unused*/, const char* /*message*/) {}

/// What libpq is started with: the URL's options, our defaults where it has none, and the addresses.
std::vector<std::pair<std::string, std::string>> all_options(const PostgresUrl& url,
                                                             const std::vector<net::Tcp::endpoint>& addresses) {
  std::vector<std::pair<std::string, std::string>> options{
      {"application_name", "ragd"},
      {"client_encoding", "UTF8"},
      {"gssencmode", "disable"},
      {"target_session_attrs", "read-write"}};  // a standby's answers lag behind acknowledged writes
  if (!addresses.empty()) {
    std::string hosts;
    std::string numbers;
    for (const net::Tcp::endpoint& address : addresses) {
      const char* const comma = hosts.empty() ? "" : ",";
      hosts += comma + url.host;
      numbers += comma + address.address().to_string();
    }
    options.insert(options.end(), {{"host", hosts}, {"hostaddr", numbers}});
  }
  for (const auto& [keyword, value] : url.options) {
    if (keyword == "host" && !addresses.empty()) continue;
    std::erase_if(options, [&name = keyword](const auto& option) { return option.first == name; });
    options.emplace_back(keyword, value);
  }
  return options;
}

}  // namespace

struct Connection::Wait {
  Wait(const Executor& executor, SteadyTime deadline) : timer(executor, deadline) {}
  net::Timer timer;
  bool ready = false;
};

void Connection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Task<Result<std::unique_ptr<Connection>>> Connection::open(const PostgresUrl& url,
                                                           std::vector<net::Tcp::endpoint> addresses, Waits& waits,
                                                           SteadyTime deadline) {
  const Executor here = co_await asio::this_coro::executor;
  auto fresh = std::make_unique<Connection>(here, url.origin, waits);
  const auto options = all_options(url, addresses);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  fresh->connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
  PQsetNoticeProcessor(fresh->connection_.get(), &ignore_notice, nullptr);
  const Result<void> connected = co_await fresh->connect(deadline);
  if (!connected) co_return connected.error();
  co_return fresh;
}

Task<Result<void>> Connection::connect(SteadyTime deadline) {
  const std::string cannot_reach = std::string(net::kCannotReach) + origin_;
  if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) co_return broken(cannot_reach);
  Until until = Until::writable;
  for (;;) {
    if (!watch()) co_return broken(cannot_reach);
    const End end = co_await wait(until, deadline);
    if (end != End::ready) co_return gave_up(end, cannot_reach);
    // libpq may try another address now, on a socket that has the same number.
    error_code ignored;
    descriptor_.close(ignored);
    const PostgresPollingStatusType state = PQconnectPoll(connection_.get());
    if (state == PGRES_POLLING_FAILED) co_return broken(cannot_reach);
    if (state == PGRES_POLLING_OK) break;
    until = state == PGRES_POLLING_READING ? Until::readable : Until::writable;
  }
  const bool is_set_up =
      watch() && PQsetnonblocking(connection_.get(), 1) == 0 && PQenterPipelineMode(connection_.get()) == 1;
  if (!is_set_up) co_return broken(cannot_reach);
  opened_ = std::chrono::steady_clock::now();
  co_return Result<void>();
}

bool Connection::watch() {
  const int socket = PQsocket(connection_.get());
  const int twin = socket < 0 ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  error_code ec;
  if (twin >= 0) descriptor_.assign(twin, ec);
  return twin >= 0 && !ec;
}

Task<Connection::End> Connection::wait(Until until, SteadyTime deadline) {
  if (waits_.ended()) co_return End::canceled;
  // owners: this coroutine and the handlers, which may come after it has gone on
  const auto wait = std::make_shared<Wait>(descriptor_.get_executor(), deadline);
  const Waits::Listed listed(waits_, wait->timer);
  const auto on_ready = [wait](const error_code& ec) {
    if (ec == asio::error::operation_aborted) return;
    wait->ready = true;
    wait->timer.cancel();
  };
  using Descriptor = asio::posix::descriptor_base;
  if (until != Until::writable) descriptor_.async_wait(Descriptor::wait_read, on_ready);
  if (until != Until::readable) descriptor_.async_wait(Descriptor::wait_write, on_ready);
  const asio::as_tuple_t<asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await wait->timer.async_wait(token);
  if (!wait->ready || until == Until::either) {
    error_code ignored;
    descriptor_.cancel(ignored);
  }
  if (wait->ready) co_return End::ready;
  co_return std::get<0>(waited) ? End::canceled : End::timeout;
}

Error Connection::gave_up(End end, std::string doing) {
  if (end == End::canceled) return fail(Errc::canceled, std::move(doing) + ": canceled");
  return fail(Errc::deadline_exceeded, std::move(doing) + ": no answer in time");
}

Error Connection::broken(std::string doing) const {
  const std::string why = connection_ ? one_line(PQerrorMessage(connection_.get())) : "out of memory";
  return fail(Errc::unavailable, std::move(doing) + ": " + why);
}

Task<Result<AllRows>> Connection::run(std::vector<Statement> statements, SteadyTime deadline) {
  const Result<void> sent = send(statements);
  if (!sent) co_return sent.error();
  co_return co_await receive(deadline);
}

Result<void> Connection::send(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    std::vector<const char*> values;
    for (const Value& value : statement.values()) values.push_back(value ? value->c_str() : nullptr);
    const int sent = PQsendQueryParams(connection_.get(), statement.sql().c_str(), static_cast<int>(values.size()),
                                       nullptr, values.data(), nullptr, nullptr, 0);
    if (sent == 0) return broken(origin_);
  }
  if (PQpipelineSync(connection_.get()) == 0) return broken(origin_);
  return {};
}

Task<Result<AllRows>> Connection::receive(SteadyTime deadline) {
  AllRows rows;
  std::optional<Error> failure;
  bool was_null = false;
  for (;;) {
    const Result<pg_result*> next = co_await next_result(deadline);
    if (!next) co_return failure ? *failure : next.error();
    if (*next == nullptr) {  // a statement's end; two of them in a row: there is nothing more to come
      if (was_null) co_return failure ? *failure : broken(origin_ + ": no answer");
      was_null = true;
      continue;
    }
    was_null = false;
    const ExecStatusType status = PQresultStatus(*next);
    rows.emplace_back(*next);
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && !failure) failure = error_of(origin_, *next);
  }
  if (failure) co_return *failure;
  rows.pop_back();  // the synchronisation's own
  co_return rows;
}

Task<Result<pg_result*>> Connection::next_result(SteadyTime deadline) {
  for (;;) {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) co_return broken(origin_);
    if (PQisBusy(connection_.get()) == 0) co_return PQgetResult(connection_.get());
    const End end = co_await wait(unsent > 0 ? Until::either : Until::readable, deadline);
    if (end != End::ready) co_return gave_up(end, origin_);
    if (PQconsumeInput(connection_.get()) == 0) co_return broken(origin_);
  }
}

bool Connection::is_reusable() const {
  pg_conn* const connection = connection_.get();
  if (PQstatus(connection) != CONNECTION_OK || PQtransactionStatus(connection) != PQTRANS_IDLE) return false;
  // What a server says unasked, it says when it ends.
  pollfd socket{PQsocket(connection), POLLIN, 0};
  return ::poll(&socket, 1, 0) == 0;
}

}  // namespace ragd::retrieval::pgvector
