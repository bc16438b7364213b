// PostgreSQL in the conformance suite: a database of its own for each store, on the server RAGD_TEST_POSTGRES_URL
// names.
#pragma once

#include "conformance/backend.hpp"
#include "retrieval/pgvector/corpus.hpp"
#include "retrieval/pgvector/vector_queue.hpp"

#include <atomic>
#include <cstdlib>
#include <libpq-fe.h>
#include <stdexcept>
#include <unistd.h>

namespace ragd::conformance {

/// Empty where none is to be had.
inline std::string postgres_url() {
  const char* const url = std::getenv("RAGD_TEST_POSTGRES_URL");
  return url == nullptr ? "" : url;
}

inline std::string postgres_missing() {
  return postgres_url().empty() ? "RAGD_TEST_POSTGRES_URL names no server (./dev test --full starts one)" : "";
}

/// A database that is there as long as this is.
class TestDatabase {
 public:
  TestDatabase() {
    static std::atomic<int> made{0};
    name_ = "ragd_test_" + std::to_string(getpid()) + "_" + std::to_string(++made);
    execute(postgres_url(), "CREATE DATABASE " + name_);
  }
  ~TestDatabase() { execute(postgres_url(), "DROP DATABASE " + name_ + " WITH (FORCE)"); }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  [[nodiscard]] std::string url() const {
    const std::string server = postgres_url();
    const std::size_t end = std::min(server.find('?'), server.size());
    return server.substr(0, server.rfind('/', end) + 1) + name_ + server.substr(end);
  }
  /// The first value of the last row, or nothing.
  std::string run(const std::string& sql) const { return execute(url(), sql); }

 private:
  static std::string execute(const std::string& url, const std::string& sql) {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()), PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }

  std::string name_;
};

class PgvectorReplica final : public Replica {
 public:
  PgvectorReplica(const std::string& url, const Opening& opening)
      : database_({&io}, retrieval::pgvector::PostgresUrl::parse(url).value(), settings_of(opening),
                  {metrics_.upstreams, obs::Upstream::vector_db}),
        embedder_(opening.embedder == nullptr
                      ? nullptr
                      : std::make_unique<retrieval::QueryEmbedder>(*opening.embedder, metrics_, clock_,
                                                                   retrieval::QueryEmbedderSettings{})),
        corpus_(database_, {&io}, pool_, embedder_.get(), opening.settings),
        queue_(database_, pool_) {
    database_.prepare().value();
  }
  ~PgvectorReplica() override { pool_.join(); }
  PgvectorReplica(const PgvectorReplica&) = delete;
  PgvectorReplica& operator=(const PgvectorReplica&) = delete;

  [[nodiscard]] Retriever& retriever() override { return corpus_; }
  [[nodiscard]] Documents& documents() override { return corpus_; }
  [[nodiscard]] retrieval::EmbeddingQueue* queue() override { return embedder_ ? &queue_ : nullptr; }

 private:
  static retrieval::pgvector::DatabaseSettings settings_of(const Opening& opening) {
    retrieval::pgvector::DatabaseSettings settings;
    settings.connections = 4;
    if (opening.embedder != nullptr) settings.model_tag = opening.embedder->tag();
    return settings;
  }

  SystemClock clock_;
  obs::Metrics metrics_;
  boost::asio::thread_pool pool_{1};
  retrieval::pgvector::Database database_;
  std::unique_ptr<retrieval::QueryEmbedder> embedder_;
  retrieval::pgvector::PgvectorCorpus corpus_;
  retrieval::pgvector::VectorQueue queue_;
};

class PgvectorStore final : public Store {
 public:
  [[nodiscard]] std::unique_ptr<Replica> open(const Opening& opening) override {
    return std::make_unique<PgvectorReplica>(database.url(), opening);
  }

  TestDatabase database;
};

inline BackendKind pgvector_backend() {
  return {"pgvector", true, true, postgres_missing, [] { return std::make_unique<PgvectorStore>(); }};
}

}  // namespace ragd::conformance
