// One connection to PostgreSQL, driven by libpq without blocking: statements go out together (pipeline mode), and their
// rows come back in order.
//
// Belongs to one core and one user at a time. After any Error it is of no more use. Asio watches a duplicate of libpq's
// descriptor, since libpq closes its own whenever it finds the connection broken. Nothing is canceled on the server but
// by closing: it looks for that once a second and ends what runs for nobody.
#pragma once

#include "net/socket.hpp"
#include "retrieval/pgvector/postgres_url.hpp"
#include "retrieval/pgvector/rows.hpp"
#include "retrieval/pgvector/statement.hpp"
#include "retrieval/pgvector/waits.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace ragd::retrieval::pgvector {

using AllRows = std::vector<Rows>;  ///< one a statement

class Connection {
 public:
  /// `addresses`: of the URL's host, looked up before; none for a Unix socket or where the URL has hostaddr. `waits`
  /// must outlive whatever waits here.
  [[nodiscard]] static Task<Result<std::unique_ptr<Connection>>> open(const PostgresUrl& url,
                                                                      std::vector<net::Tcp::endpoint> addresses,
                                                                      Waits& waits, SteadyTime deadline);
  Connection(const Executor& executor, std::string origin, Waits& waits)
      : origin_(std::move(origin)), waits_(waits), descriptor_(executor) {}
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends all, then waits for all. The first statement that fails fails the run, and those behind it are not carried
  /// out.
  [[nodiscard]] Task<Result<AllRows>> run(std::vector<Statement> statements, SteadyTime deadline);

  /// The same in two steps. receive may be called again after Errc::deadline_exceeded when one statement was sent.
  [[nodiscard]] Result<void> send(const std::vector<Statement>& statements);
  [[nodiscard]] Task<Result<AllRows>> receive(SteadyTime deadline);

  /// Nothing is under way, no transaction is open, and the server has neither said anything nor closed it.
  [[nodiscard]] bool is_reusable() const;

  [[nodiscard]] SteadyTime opened() const { return opened_; }
  [[nodiscard]] const Executor executor() { return descriptor_.get_executor(); }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct Wait;
  enum class Until : std::uint8_t { readable, writable, either };
  enum class End : std::uint8_t { ready, timeout, canceled };

  [[nodiscard]] Task<Result<void>> connect(SteadyTime deadline);
  /// Watches the socket libpq uses now.
  [[nodiscard]] bool watch();
  [[nodiscard]] Task<End> wait(Until until, SteadyTime deadline);
  [[nodiscard]] static Error gave_up(End end, std::string doing);
  [[nodiscard]] Error broken(std::string doing) const;
  /// The next of libpq's results, null between two statements.
  [[nodiscard]] Task<Result<pg_result*>> next_result(SteadyTime deadline);

  const std::string origin_;
  Waits& waits_;
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
  std::unique_ptr<pg_conn, Finish> connection_;
  SteadyTime opened_;
};

}  // namespace ragd::retrieval::pgvector
