#include "retrieval/pgvector/corpus.hpp"

#include "net/offload.hpp"
#include "retrieval/pgvector/batch_rows.hpp"
#include "retrieval/pgvector/reads.hpp"
#include "retrieval/pgvector/searching.hpp"
#include "retrieval/pgvector/writes.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

Error too_many_writes() {
  return fail(Errc::overloaded, "too many writes wait", "too many writes at once, try again");
}

Effort reading(const RequestContext& context) {
  return {context.deadline, true, true};
}

}  // namespace

PgvectorCorpus::PgvectorCorpus(Database& database, const std::vector<boost::asio::io_context*>& cores,
                               boost::asio::thread_pool& pool, QueryEmbedder* embedder,
                               const RetrievalSettings& settings)
    : database_(database), pool_(pool), embedder_(embedder), settings_(settings) {
  for (boost::asio::io_context* const core : cores) {
    cores_.push_back(std::unique_ptr<Core>(new Core{core, VersionReads(core->get_executor(), database)}));
  }
}

Task<Result<Retrieved>> PgvectorCorpus::retrieve(const RequestContext& context, const RetrievalQuery& query) {
  Inquiry inquiry;
  inquiry.tenant = context.caller.tenant;
  inquiry.words = words_of_query(query.text, settings_.drop_question_words);
  inquiry.filter = query.filter;
  inquiry.policy = {query.top_k, settings_.collapse_duplicates, settings_.diversity};
  inquiry.k1 = settings_.k1;
  inquiry.b = settings_.b;
  inquiry.min_score = settings_.min_score;
  inquiry.fusion = settings_.fusion;
  inquiry.vector_weight = settings_.vector_weight;
  bool degraded = false;
  if (embedder_ != nullptr && settings_.vector_weight > 0) {
    // Before a connection is taken: none should wait for another server.
    const Result<SharedVector> vector = co_await embedder_->embed(context, query.text);
    degraded = vector.has_error();
    if (vector) inquiry.vector = *vector;
  }
  const auto work = [this, &inquiry](Connection& connection, SteadyTime deadline) {
    inquiry.model = database_.model();
    return search(connection, inquiry, deadline);
  };
  Result<Retrieved> found = co_await database_.run(reading(context), work);
  if (found) found->degraded = degraded;
  co_return found;
}

Result<VersionPtr> PgvectorCorpus::version(const std::string& /*tenant*/) const {
  return VersionPtr();
}

Task<Result<VersionPtr>> PgvectorCorpus::read_version(const RequestContext& context) {
  const Executor here = co_await boost::asio::this_coro::executor;
  const auto core =
      std::find_if(cores_.begin(), cores_.end(), [&here](const auto& its) { return its->context == &here.context(); });
  if (core == cores_.end()) throw std::logic_error("a version was asked for on a core the corpus was not made for");
  co_return co_await (*core)->versions.read(context.caller.tenant, context.deadline);
}

std::string PgvectorCorpus::settings_tag() const {
  std::string tag = "pgvector;k1=" + std::to_string(settings_.k1) + ";b=" + std::to_string(settings_.b) +
                    ";min_score=" + std::to_string(settings_.min_score) +
                    ";question_words=" + (settings_.drop_question_words ? "dropped" : "kept") +
                    ";collapse=" + (settings_.collapse_duplicates ? "on" : "off") +
                    ";diversity=" + std::to_string(settings_.diversity) + ";" + rows_tag();
  if (embedder_ == nullptr) return tag;
  tag += settings_.fusion == Fusion::rrf ? ";fusion=rrf" : ";fusion=weighted";
  return tag + ";vector_weight=" + std::to_string(settings_.vector_weight) + ";" + embedder_->tag();
}

Task<Result<void>> PgvectorCorpus::ping() {
  const auto work = [this](Connection& connection, SteadyTime deadline) {
    Statement sums(
        "SELECT coalesce(sum(documents), 0), coalesce(sum(chunks), 0), "
        "(SELECT coalesce(sum(chunks), 0) FROM ragd.coverage WHERE model = ");
    sums.bind(std::to_string(database_.model())) << "::int) FROM ragd.corpus";
    return connection.run({std::move(sums)}, deadline);
  };
  const Effort effort{std::chrono::steady_clock::now() + database_.timeout(), false, true};
  const Result<AllRows> rows = co_await database_.run(effort, work);
  if (!rows) co_return rows.error();
  documents_.store(rows->at(0).integer(0, 0), std::memory_order_relaxed);
  chunks_.store(rows->at(0).integer(0, 1), std::memory_order_relaxed);
  embedded_.store(rows->at(0).integer(0, 2), std::memory_order_relaxed);
  co_return Result<void>();
}

Task<Result<PutOutcome>> PgvectorCorpus::put(const RequestContext& context, std::vector<Document> batch) {
  const WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  auto cut = [batch = std::move(batch)]() mutable { return rows_of(std::move(batch)); };
  const Result<BatchRows> rows = co_await net::offload(pool_, std::move(cut));
  if (!rows) co_return rows.error();
  const auto work = [&context, &rows](Connection& connection, SteadyTime deadline) {
    return put_rows(connection, context.caller.tenant, *rows, deadline);
  };
  const Effort effort{context.deadline, true, false};
  co_return co_await database_.run(effort, work);
}

Task<Result<std::string>> PgvectorCorpus::erase(const RequestContext& context, std::string id) {
  if (has_nul(id)) co_return fail(Errc::not_found, "no such document");
  const WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  const auto work = [&context, &id](Connection& connection, SteadyTime deadline) {
    return erase_document(connection, context.caller.tenant, id, deadline);
  };
  // Not repeatable: if the first attempt deleted it and its answer was lost, the second would not find it.
  const Effort effort{context.deadline, false, false};
  co_return co_await database_.run(effort, work);
}

Task<Result<Document>> PgvectorCorpus::get(const RequestContext& context, std::string id) {
  if (has_nul(id)) co_return fail(Errc::not_found, "no such document");
  const auto work = [&context, &id](Connection& connection, SteadyTime deadline) {
    return get_document(connection, context.caller.tenant, id, deadline);
  };
  co_return co_await database_.run(reading(context), work);
}

Task<Result<DocumentPage>> PgvectorCorpus::list(const RequestContext& context, std::string after, std::size_t limit) {
  const auto work = [this, &context, &after, limit](Connection& connection, SteadyTime deadline) {
    return list_documents(connection, context.caller.tenant, after, limit, database_.model(), deadline);
  };
  co_return co_await database_.run(reading(context), work);
}

Task<Result<DocumentBatch>> PgvectorCorpus::scan(const RequestContext& context, std::string after, std::size_t limit) {
  const auto work = [&context, &after, limit](Connection& connection, SteadyTime deadline) {
    return scan_documents(connection, context.caller.tenant, after, limit, deadline);
  };
  co_return co_await database_.run(reading(context), work);
}

CorpusCounts PgvectorCorpus::counts() const {
  return {documents_.load(std::memory_order_relaxed), chunks_.load(std::memory_order_relaxed),
          embedded_.load(std::memory_order_relaxed)};
}

}  // namespace ragd::retrieval::pgvector
