#include "retrieval/pgvector/writes.hpp"

#include "retrieval/pgvector/schema.hpp"

#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

namespace {

Statement make_corpus(const std::string& tenant) {
  Statement insert("INSERT INTO ragd.corpus (tenant, uuid) SELECT ");
  insert.bind(tenant) << ", uuid FROM ragd.meta ON CONFLICT DO NOTHING";
  return insert;
}

/// Whoever has the row writes; the others wait.
Statement lock_corpus(const std::string& tenant) {
  Statement lock("SELECT uuid || '-' || counter FROM ragd.corpus WHERE tenant = ");
  lock.bind(tenant) << " FOR UPDATE";
  return lock;
}

/// Gives the ids that changed, and whether they were there before. What is equal byte for byte is left alone.
Statement upsert_documents(const std::string& tenant, const DocumentRows& rows) {
  Statement upsert(
      "INSERT INTO ragd.documents AS d (tenant, id, title, source, metadata, fields, text, chunks, made_by) SELECT ");
  upsert.bind(tenant) << ", n.id, n.title, n.source, n.metadata, n.fields::jsonb, n.text, n.chunks, ";
  upsert.bind(rows_tag()) << " FROM unnest(";
  upsert.bind(rows.ids) << "::text[], ";
  upsert.bind(rows.titles) << "::text[], ";
  upsert.bind(rows.sources) << "::text[], ";
  upsert.bind(rows.metadata) << "::text[], ";
  upsert.bind(rows.fields) << "::text[], ";
  upsert.bind(rows.texts) << "::text[], ";
  upsert.bind(rows.chunks)
      << "::int[]) AS n(id, title, source, metadata, fields, text, chunks) "
         "ON CONFLICT (tenant, id) DO UPDATE SET title = excluded.title, source = excluded.source, "
         "metadata = excluded.metadata, fields = excluded.fields, text = excluded.text, chunks = excluded.chunks, "
         "made_by = excluded.made_by, stamp = nextval('ragd.stamps'), model = NULL, leased_until = NULL "
         "WHERE (d.title, d.source, d.metadata, d.text, d.made_by) IS DISTINCT FROM "
         "(excluded.title, excluded.source, excluded.metadata, excluded.text, excluded.made_by) "
         "RETURNING id, xmax <> 0";
  return upsert;
}

/// The words of some documents' chunks as they are now, and in how many each stands.
void append_word_counts(Statement& statement, const std::string& tenant, const std::string& ids) {
  statement << "SELECT word, count(*) AS chunks FROM ragd.chunks k, unnest(tsvector_to_array(k.words)) AS word "
               "WHERE k.tenant = ";
  statement.bind(tenant) << " AND k.document_id = ANY(";
  statement.bind(ids) << "::text[]) GROUP BY word";
}

/// Words nobody holds any more go, so that the table grows with what is there, not with what ever was.
void remove_chunks(std::vector<Statement>& steps, const std::string& tenant, const std::string& ids) {
  Statement& fewer = steps.emplace_back("WITH gone AS MATERIALIZED (");
  append_word_counts(fewer, tenant, ids);
  fewer << "), last AS (DELETE FROM ragd.words w USING gone WHERE w.tenant = ";
  fewer.bind(tenant) << " AND w.word = gone.word AND w.chunks <= gone.chunks) "
                        "UPDATE ragd.words w SET chunks = w.chunks - gone.chunks FROM gone WHERE w.tenant = ";
  fewer.bind(tenant) << " AND w.word = gone.word AND w.chunks > gone.chunks";

  Statement& uncover = steps.emplace_back(
      "UPDATE ragd.coverage v SET chunks = v.chunks - gone.chunks FROM ("
      "SELECT model, count(*) AS chunks FROM ragd.embeddings WHERE tenant = ");
  uncover.bind(tenant) << " AND document_id = ANY(";
  uncover.bind(ids) << "::text[]) GROUP BY model) gone WHERE v.model = gone.model AND v.tenant = ";
  uncover.bind(tenant);

  Statement& remove = steps.emplace_back("WITH gone AS (DELETE FROM ragd.chunks WHERE tenant = ");
  remove.bind(tenant) << " AND document_id = ANY(";
  remove.bind(ids) << "::text[]) RETURNING length) "
                      "UPDATE ragd.corpus SET chunks = chunks - (SELECT count(*) FROM gone), "
                      "length = length - (SELECT coalesce(sum(length), 0) FROM gone) WHERE tenant = ";
  remove.bind(tenant);
}

void add_chunks(std::vector<Statement>& steps, const std::string& tenant, const std::string& ids,
                const ChunkRows& rows) {
  Statement& add = steps.emplace_back(
      "WITH added AS (INSERT INTO ragd.chunks "
      "(tenant, document_id, ordinal, heading, begins, ends, text, words, length) SELECT ");
  add.bind(tenant)
      << ", n.id, n.ordinal, n.heading, n.begins, n.ends, n.text, n.words::tsvector, n.length FROM unnest(";
  add.bind(rows.document_ids) << "::text[], ";
  add.bind(rows.ordinals) << "::int[], ";
  add.bind(rows.headings) << "::text[], ";
  add.bind(rows.begins) << "::bigint[], ";
  add.bind(rows.ends) << "::bigint[], ";
  add.bind(rows.texts) << "::text[], ";
  add.bind(rows.words) << "::text[], ";
  add.bind(rows.lengths) << "::int[]) AS n(id, ordinal, heading, begins, ends, text, words, length) WHERE n.id = ANY(";
  add.bind(ids) << "::text[]) RETURNING length) "
                   "UPDATE ragd.corpus SET chunks = chunks + (SELECT count(*) FROM added), "
                   "length = length + (SELECT coalesce(sum(length), 0) FROM added) WHERE tenant = ";
  add.bind(tenant);

  Statement& more = steps.emplace_back("INSERT INTO ragd.words AS w (tenant, word, chunks) SELECT ");
  more.bind(tenant) << ", c.word, c.chunks FROM (";
  append_word_counts(more, tenant, ids);
  more << ") AS c ON CONFLICT (tenant, word) DO UPDATE SET chunks = w.chunks + excluded.chunks";
}

void finish(std::vector<Statement>& steps, const std::string& tenant, std::size_t added) {
  Statement& bump = steps.emplace_back("UPDATE ragd.corpus SET counter = counter + 1, documents = documents + ");
  bump.bind(std::to_string(added)) << "::bigint WHERE tenant = ";
  bump.bind(tenant) << " RETURNING uuid || '-' || counter";
  steps.emplace_back("COMMIT");
}

}  // namespace

Task<Result<PutOutcome>> put_rows(Connection& connection, const std::string& tenant, const BatchRows& rows,
                                  SteadyTime deadline) {
  std::vector<Statement> begin{Statement("BEGIN"), limit_time(deadline), make_corpus(tenant), lock_corpus(tenant),
                               upsert_documents(tenant, rows.documents)};
  const Result<AllRows> begun = co_await connection.run(std::move(begin), deadline);
  if (!begun) co_return begun.error();
  PutOutcome outcome;
  const Rows& changed = begun->at(4);
  std::vector<std::string> ids;
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    ids.push_back(changed.text(i, 0));
    outcome.chunks += rows.chunk_counts.at(ids.back());
    if (changed.truth(i, 1)) ++replaced;
  }
  outcome.accepted = ids.size();
  outcome.unchanged = rows.size - ids.size();
  outcome.version = begun->at(3).text(0, 0);
  const std::string changed_ids = array_of(ids);
  std::vector<Statement> steps;
  if (replaced > 0) remove_chunks(steps, tenant, changed_ids);
  if (ids.empty()) {
    steps.emplace_back("COMMIT");
  } else {
    add_chunks(steps, tenant, changed_ids, rows.chunks);
    finish(steps, tenant, ids.size() - replaced);
  }
  const Result<AllRows> done = co_await connection.run(std::move(steps), deadline);
  if (!done) co_return done.error();
  if (!ids.empty()) outcome.version = done->at(done->size() - 2).text(0, 0);
  co_return outcome;
}

Task<Result<std::string>> erase_document(Connection& connection, const std::string& tenant, const std::string& id,
                                         SteadyTime deadline) {
  std::vector<Statement> steps{Statement("BEGIN"), limit_time(deadline), lock_corpus(tenant)};
  const std::vector<std::string> ids{id};
  remove_chunks(steps, tenant, array_of(ids));
  Statement& remove = steps.emplace_back("WITH gone AS (DELETE FROM ragd.documents WHERE tenant = ");
  remove.bind(tenant) << " AND id = ";
  remove.bind(id) << " RETURNING id) UPDATE ragd.corpus SET counter = counter + 1, documents = documents - 1 "
                     "WHERE tenant = ";
  remove.bind(tenant) << " AND EXISTS (SELECT FROM gone) RETURNING uuid || '-' || counter";
  steps.emplace_back("COMMIT");
  const Result<AllRows> done = co_await connection.run(std::move(steps), deadline);
  if (!done) co_return done.error();
  const Rows& bumped = done->at(done->size() - 2);
  if (bumped.empty()) co_return fail(Errc::not_found, "no such document");
  co_return bumped.text(0, 0);
}

}  // namespace ragd::retrieval::pgvector
