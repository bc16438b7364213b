#include "retrieval/pgvector/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval::pgvector {

namespace {

/// Of the advisory lock: "ragd".
constexpr std::string_view kLock = "SELECT pg_advisory_xact_lock(1918985060)";

// Text is compared by its bytes everywhere: ids sort the same in every backend, and equal means byte for byte.
// counter: the corpus version. chunks, length: what BM25 needs of a tenant; words: in how many chunks each word stands.
// documents.fields: the metadata a filter may ask for, each field a list. stamp: this state of the document.
// coverage: how many of a tenant's chunks have vectors of each model.
// embeddings lie apart from chunks, so that vectors landing do not rewrite texts and their index.
constexpr std::array kVersion1{
    R"(CREATE TABLE ragd.models (
         id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
         tag text COLLATE "C" NOT NULL UNIQUE,
         dimension integer))",
    R"(CREATE TABLE ragd.meta (
         one boolean PRIMARY KEY DEFAULT true CHECK (one),
         schema_version integer NOT NULL,
         uuid uuid NOT NULL DEFAULT gen_random_uuid(),
         current_model integer REFERENCES ragd.models))",
    R"(INSERT INTO ragd.meta (schema_version) VALUES (0))",
    R"(CREATE TABLE ragd.corpus (
         tenant text COLLATE "C" PRIMARY KEY,
         uuid uuid NOT NULL,
         counter bigint NOT NULL DEFAULT 0,
         documents bigint NOT NULL DEFAULT 0,
         chunks bigint NOT NULL DEFAULT 0,
         length bigint NOT NULL DEFAULT 0))",
    R"(CREATE SEQUENCE ragd.stamps)",
    R"(CREATE TABLE ragd.documents (
         tenant text COLLATE "C" NOT NULL,
         id text COLLATE "C" NOT NULL,
         title text COLLATE "C" NOT NULL,
         source text COLLATE "C" NOT NULL,
         metadata text COLLATE "C" NOT NULL,
         fields jsonb NOT NULL,
         text text COLLATE "C" NOT NULL,
         made_by text COLLATE "C" NOT NULL,
         chunks integer NOT NULL,
         stamp bigint NOT NULL DEFAULT nextval('ragd.stamps'),
         model integer,
         leased_until timestamptz,
         PRIMARY KEY (tenant, id)))",
    R"(CREATE INDEX documents_fields ON ragd.documents USING gin (fields jsonb_path_ops))",
    R"(CREATE INDEX documents_model ON ragd.documents (model, stamp))",
    R"(CREATE TABLE ragd.chunks (
         tenant text COLLATE "C" NOT NULL,
         document_id text COLLATE "C" NOT NULL,
         ordinal integer NOT NULL,
         heading text COLLATE "C" NOT NULL,
         begins bigint NOT NULL,
         ends bigint NOT NULL,
         text text COLLATE "C" NOT NULL,
         words tsvector NOT NULL,
         length integer NOT NULL,
         PRIMARY KEY (tenant, document_id, ordinal),
         FOREIGN KEY (tenant, document_id) REFERENCES ragd.documents ON DELETE CASCADE))",
    R"(CREATE INDEX chunks_words ON ragd.chunks USING gin (words))",
    R"(CREATE TABLE ragd.words (
         tenant text COLLATE "C" NOT NULL,
         word text COLLATE "C" NOT NULL,
         chunks bigint NOT NULL,
         PRIMARY KEY (tenant, word)) WITH (fillfactor = 80))",
    R"(CREATE TABLE ragd.embeddings (
         tenant text COLLATE "C" NOT NULL,
         document_id text COLLATE "C" NOT NULL,
         ordinal integer NOT NULL,
         model integer NOT NULL,
         embedding vector NOT NULL,
         PRIMARY KEY (tenant, document_id, ordinal),
         FOREIGN KEY (tenant, document_id, ordinal) REFERENCES ragd.chunks ON DELETE CASCADE))",
    R"(CREATE TABLE ragd.coverage (
         tenant text COLLATE "C" NOT NULL,
         model integer NOT NULL,
         chunks bigint NOT NULL,
         PRIMARY KEY (tenant, model)))",
};

/// By the version they lead from.
constexpr std::array<std::span<const char* const>, kSchemaVersion> kMigrations{kVersion1};

/// pgvector's version that searches on when a filter leaves too few of what the index gave.
constexpr int kLeastMinor = 8;

struct Found {
  std::uint64_t version = 0;  ///< 0: no schema
  std::string extension;      ///< pgvector's version; empty: not there
};

Task<Result<Found>> look(Connection& connection, SteadyTime deadline) {
  std::vector<Statement> statements{Statement("SELECT to_regclass('ragd.meta') IS NOT NULL"),
                                    Statement("SELECT extversion FROM pg_extension WHERE extname = 'vector'")};
  Result<AllRows> rows = co_await connection.run(std::move(statements), deadline);
  if (!rows) co_return rows.error();
  Found found;
  if (!rows->at(1).empty()) found.extension = rows->at(1).text(0, 0);
  if (!rows->at(0).truth(0, 0)) co_return found;
  std::vector<Statement> version{Statement("SELECT schema_version FROM ragd.meta")};
  rows = co_await connection.run(std::move(version), deadline);
  if (!rows) co_return rows.error();
  if (!rows->at(0).empty()) found.version = rows->at(0).integer(0, 0);
  co_return found;
}

Result<void> check(const Found& found) {
  if (found.version > kSchemaVersion) {
    return fail(Errc::internal, "the database's schema is version " + std::to_string(found.version) +
                                    ", newer than this ragd knows (" + std::to_string(kSchemaVersion) +
                                    "): upgrade ragd");
  }
  int major = 0;
  int minor = 0;
  const char* const end = found.extension.data() + found.extension.size();
  const auto read = std::from_chars(found.extension.data(), end, major);
  if (read.ptr != end) std::from_chars(read.ptr + 1, end, minor);
  if (major > 0 || minor >= kLeastMinor) return {};
  return fail(Errc::internal, "the database's pgvector is version " + found.extension +
                                  ", 0.8 is needed: ALTER EXTENSION vector UPDATE");
}

Statement enter_extension_schema() {
  return Statement(
      "SELECT set_config('search_path', quote_ident(n.nspname), false) FROM pg_extension e "
      "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'");
}

}  // namespace

Task<Result<void>> migrate(Connection& connection, SteadyTime deadline) {
  Result<Found> found = co_await look(connection, deadline);
  if (!found) co_return found.error();
  if (found->version >= kSchemaVersion) co_return check(*found);
  // In a transaction of its own: another replica may have been faster, which only shows behind the lock.
  std::vector<Statement> begin{Statement("BEGIN"),
                               limit_time(deadline),
                               Statement(std::string(kLock)),
                               Statement("CREATE SCHEMA IF NOT EXISTS ragd"),
                               Statement("CREATE EXTENSION IF NOT EXISTS vector"),
                               enter_extension_schema()};
  Result<AllRows> done = co_await connection.run(std::move(begin), deadline);
  if (!done) co_return done.error();
  found = co_await look(connection, deadline);
  if (!found) co_return found.error();
  if (auto usable = check(*found); !usable) co_return usable;
  std::vector<Statement> steps;
  for (std::uint64_t from = found->version; from < kSchemaVersion; ++from) {
    for (const char* const sql : kMigrations.at(from)) steps.emplace_back(sql);
  }
  steps.emplace_back("UPDATE ragd.meta SET schema_version = " + std::to_string(kSchemaVersion));
  steps.emplace_back("COMMIT");
  done = co_await connection.run(std::move(steps), deadline);
  if (!done) co_return done.error();
  co_return Result<void>();
}

Task<Result<void>> set_up_session(Connection& connection, SteadyTime deadline) {
  std::vector<Statement> statements{
      enter_extension_schema(),
      // What was acknowledged is there after a crash, whatever the database's default.
      Statement("SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"),
      // A replica that vanished must not hold a tenant's lock, nor a query that nobody waits for a processor.
      Statement("SELECT set_config('idle_in_transaction_session_timeout', '60s', false)"),
      Statement("SELECT set_config(name, '1000', false) FROM pg_settings "
                "WHERE name = 'client_connection_check_interval'"),
      // Compiling a query takes longer than these take.
      Statement("SELECT set_config('jit', 'off', false)"),
      Statement("SELECT set_config('hnsw.iterative_scan', 'strict_order', false), "
                "set_config('hnsw.ef_search', '100', false)")};
  const Result<AllRows> done = co_await connection.run(std::move(statements), deadline);
  if (!done) co_return done.error();
  co_return Result<void>();
}

Statement limit_time(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  Statement limit("SELECT set_config('statement_timeout', ");
  limit.bind(std::to_string(std::max<std::int64_t>(left.count(), 1))) << ", true)";
  return limit;
}

}  // namespace ragd::retrieval::pgvector
