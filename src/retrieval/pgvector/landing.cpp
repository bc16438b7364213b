#include "retrieval/pgvector/landing.hpp"

#include "retrieval/pgvector/schema.hpp"

#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

/// In order of tenant, so that two batches never wait for each other.
Statement lock_corpora(const LandingRows& rows) {
  Statement lock("SELECT FROM ragd.corpus WHERE tenant = ANY(");
  lock.bind(rows.tenants) << "::text[]) ORDER BY tenant FOR UPDATE";
  return lock;
}

Statement mark_documents(const LandingRows& rows, const std::string& model) {
  Statement mark("UPDATE ragd.documents d SET leased_until = NULL, model = " + model + " FROM unnest(");
  mark.bind(rows.tenants) << "::text[], ";
  mark.bind(rows.ids) << "::text[], ";
  mark.bind(rows.stamps) << "::bigint[]) AS n(tenant, id, stamp) WHERE d.tenant = n.tenant AND d.id = n.id "
                            "AND d.stamp = n.stamp RETURNING d.tenant, d.id";
  return mark;
}

/// "n": the documents that were marked.
void append_marked(Statement& statement, const LandingRows& marked) {
  statement << "unnest(";
  statement.bind(marked.tenants) << "::text[], ";
  statement.bind(marked.ids) << "::text[]) AS n(tenant, id)";
}

/// How many chunks of these documents have vectors, by tenant and model.
void append_coverage(Statement& statement, const LandingRows& marked) {
  statement << "SELECT e.tenant, e.model, count(*) AS chunks FROM ragd.embeddings e JOIN ";
  append_marked(statement, marked);
  statement << " ON e.tenant = n.tenant AND e.document_id = n.id GROUP BY e.tenant, e.model";
}

Statement insert_vectors(const LandingRows& rows, const LandingRows& marked, const std::string& model) {
  Statement insert(
      "INSERT INTO ragd.embeddings (tenant, document_id, ordinal, model, embedding) SELECT v.tenant, v.id, "
      "v.ordinal, " +
      model + ", v.embedding::vector FROM unnest(");
  insert.bind(rows.vector_tenants) << "::text[], ";
  insert.bind(rows.vector_ids) << "::text[], ";
  insert.bind(rows.ordinals) << "::int[], ";
  insert.bind(rows.vectors) << "::text[]) AS v(tenant, id, ordinal, embedding) JOIN ";
  append_marked(insert, marked);
  insert << " ON n.tenant = v.tenant AND n.id = v.id ON CONFLICT (tenant, document_id, ordinal) "
            "DO UPDATE SET model = excluded.model, embedding = excluded.embedding";
  return insert;
}

}  // namespace

LandingRows landing_rows(const std::vector<DocumentVectors>& batch) {
  ArrayText tenants;
  ArrayText ids;
  ArrayText stamps;
  ArrayText vector_tenants;
  ArrayText vector_ids;
  ArrayText ordinals;
  ArrayText vectors;
  for (const DocumentVectors& document : batch) {
    tenants.add(document.tenant);
    ids.add(document.id);
    stamps.add(document.stamp);
    for (std::size_t ordinal = 0; ordinal < document.vectors.size(); ++ordinal) {
      vector_tenants.add(document.tenant);
      vector_ids.add(document.id);
      ordinals.add(ordinal);
      vectors.add(vector_text(document.vectors[ordinal]));
    }
  }
  return {std::move(tenants).str(),        std::move(ids).str(),        std::move(stamps).str(),
          std::move(vector_tenants).str(), std::move(vector_ids).str(), std::move(ordinals).str(),
          std::move(vectors).str()};
}

Task<Result<void>> land_rows(Connection& connection, const LandingRows& rows, std::uint64_t model,
                             SteadyTime deadline) {
  const std::string number = std::to_string(model);
  std::vector<Statement> begin{Statement("BEGIN"), limit_time(deadline), lock_corpora(rows),
                               mark_documents(rows, number)};
  const Result<AllRows> begun = co_await connection.run(std::move(begin), deadline);
  if (!begun) co_return begun.error();
  ArrayText tenants;
  ArrayText ids;
  const Rows& documents = begun->at(3);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    tenants.add(documents.view(i, 0));
    ids.add(documents.view(i, 1));
  }
  LandingRows marked;
  marked.tenants = std::move(tenants).str();
  marked.ids = std::move(ids).str();

  std::vector<Statement> steps;
  Statement& uncover = steps.emplace_back("UPDATE ragd.coverage v SET chunks = v.chunks - g.chunks FROM (");
  append_coverage(uncover, marked);
  uncover << ") g WHERE v.tenant = g.tenant AND v.model = g.model";
  steps.push_back(insert_vectors(rows, marked, number));
  Statement& cover = steps.emplace_back("INSERT INTO ragd.coverage AS v (tenant, model, chunks) ");
  append_coverage(cover, marked);
  cover << " ON CONFLICT (tenant, model) DO UPDATE SET chunks = v.chunks + excluded.chunks";
  Statement& bump = steps.emplace_back("UPDATE ragd.corpus SET counter = counter + 1 WHERE tenant = ANY(");
  bump.bind(marked.tenants) << "::text[])";
  steps.emplace_back("COMMIT");
  const Result<AllRows> done = co_await connection.run(std::move(steps), deadline);
  if (!done) co_return done.error();
  co_return Result<void>();
}

}  // namespace ragd::retrieval::pgvector
