#include "retrieval/pgvector/reads.hpp"

#include "retrieval/pgvector/landing.hpp"
#include "retrieval/pgvector/schema.hpp"

#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

namespace {

/// The rows of one statement that ends by itself when nobody waits any more.
Task<Result<AllRows>> read(Connection& connection, Statement statement, SteadyTime deadline) {
  std::vector<Statement> statements{Statement("BEGIN READ ONLY"), limit_time(deadline), std::move(statement),
                                    Statement("COMMIT")};
  co_return co_await connection.run(std::move(statements), deadline);
}

/// No id holds a NUL: what follows one in `after` makes no difference.
std::string before_nul(const std::string& text) {
  return text.substr(0, text.find('\0'));
}

/// One more than is returned, to know whether it is the last.
void append_range(Statement& statement, const std::string& tenant, const std::string& after, std::size_t limit) {
  statement << " FROM ragd.documents WHERE tenant = ";
  statement.bind(tenant) << " AND id > ";
  statement.bind(before_nul(after)) << " ORDER BY id LIMIT ";
  statement.bind(std::to_string(limit + 1)) << "::bigint";
}

/// Counted where few documents wait; where many do, all chunks without vectors, those of refused documents included.
Statement waiting_of(const std::string& tenant, const std::string& model) {
  constexpr const char* kFew = "10000";
  Statement select("SELECT CASE WHEN count(*) <= ");
  select << kFew
         << " THEN coalesce(sum(chunks), 0) ELSE (SELECT c.chunks - coalesce(v.chunks, 0) FROM ragd.corpus c "
            "LEFT JOIN ragd.coverage v ON v.tenant = c.tenant AND v.model = "
         << model << " WHERE c.tenant = ";
  select.bind(tenant) << ") END FROM (SELECT chunks FROM ragd.documents WHERE tenant = ";
  select.bind(tenant) << " AND " << waits_for(model) << " LIMIT " << kFew << " + 1) waiting";
  return select;
}

Document document_of(const Rows& rows, std::size_t row) {
  return {rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3), rows.text(row, 4)};
}

}  // namespace

Task<Result<Document>> get_document(Connection& connection, const std::string& tenant, const std::string& id,
                                    SteadyTime deadline) {
  Statement select("SELECT id, text, title, source, metadata FROM ragd.documents WHERE tenant = ");
  select.bind(tenant) << " AND id = ";
  select.bind(id);
  const Result<AllRows> rows = co_await read(connection, std::move(select), deadline);
  if (!rows) co_return rows.error();
  if (rows->at(2).empty()) co_return fail(Errc::not_found, "no such document");
  co_return document_of(rows->at(2), 0);
}

Task<Result<DocumentPage>> list_documents(Connection& connection, const std::string& tenant, const std::string& after,
                                          std::size_t limit, std::uint64_t model, SteadyTime deadline) {
  Statement select("SELECT id, title, source, metadata, octet_length(text), chunks");
  append_range(select, tenant, after, limit);
  std::vector<Statement> statements{Statement("BEGIN READ ONLY"), limit_time(deadline), std::move(select)};
  if (model != 0) statements.push_back(waiting_of(tenant, std::to_string(model)));
  statements.emplace_back("COMMIT");
  const Result<AllRows> rows = co_await connection.run(std::move(statements), deadline);
  if (!rows) co_return rows.error();
  const Rows& found = rows->at(2);
  DocumentPage page;
  if (model != 0) page.waiting = rows->at(3).integer(0, 0);
  for (std::size_t i = 0; i < std::min(found.size(), limit); ++i) {
    page.documents.push_back({found.text(i, 0), found.text(i, 1), found.text(i, 2), found.text(i, 3),
                              found.integer(i, 4), found.integer(i, 5)});
  }
  if (found.size() > limit) page.next = page.documents.back().id;
  co_return page;
}

Task<Result<DocumentBatch>> scan_documents(Connection& connection, const std::string& tenant, const std::string& after,
                                           std::size_t limit, SteadyTime deadline) {
  // The server adds the sizes up, so that no more than one batch of texts is ever sent.
  Statement select("WITH page AS MATERIALIZED (SELECT id, octet_length(text) + octet_length(metadata) AS bytes");
  append_range(select, tenant, after, limit);
  select << "), sums AS (SELECT id, row_number() OVER w AS place, sum(bytes) OVER w AS sum, count(*) OVER () AS all_of "
            "FROM page WINDOW w AS (ORDER BY id)) "
            "SELECT d.id, d.text, d.title, d.source, d.metadata, s.all_of FROM sums s JOIN ragd.documents d ON "
            "d.tenant = ";
  select.bind(tenant) << " AND d.id = s.id WHERE (s.place = 1 OR s.sum <= ";
  select.bind(std::to_string(Documents::kScanBytes)) << "::bigint) AND s.place <= ";
  select.bind(std::to_string(limit)) << "::bigint ORDER BY s.id";
  const Result<AllRows> rows = co_await read(connection, std::move(select), deadline);
  if (!rows) co_return rows.error();
  const Rows& found = rows->at(2);
  DocumentBatch batch;
  for (std::size_t i = 0; i < found.size(); ++i) batch.documents.push_back(document_of(found, i));
  if (!found.empty() && found.integer(0, 5) > found.size()) batch.next = batch.documents.back().id;
  co_return batch;
}

}  // namespace ragd::retrieval::pgvector
