#include "retrieval/pgvector/vector_queue.hpp"

#include "net/offload.hpp"
#include "obs/log.hpp"
#include "retrieval/pgvector/landing.hpp"
#include "retrieval/pgvector/schema.hpp"
#include "retrieval/pgvector/searching.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

constexpr std::chrono::seconds kPatience{30};
/// Longer than a batch takes to be embedded.
constexpr std::string_view kLease = "5 minutes";
/// Counting reads every document that waits.
constexpr std::chrono::seconds kCountEvery{10};
/// How long landing waits for an index; an empty one takes no time.
constexpr std::chrono::seconds kIndexWait{2};

Statement end_leases(const std::vector<std::string>& stamps) {
  Statement end("UPDATE ragd.documents SET leased_until = NULL WHERE stamp = ANY(");
  end.bind(array_of(stamps)) << "::bigint[]) AND leased_until IS NOT NULL";
  return end;
}

Statement lease(const std::string& model, std::size_t passages) {
  Statement statement("WITH free AS (SELECT tenant, id, stamp, chunks FROM ragd.documents WHERE " + waits_for(model) +
                      " AND (leased_until IS NULL OR leased_until < now()) "
                      "AND (SELECT current_model FROM ragd.meta) = " +
                      model + " ORDER BY stamp LIMIT ");
  statement.bind(std::to_string(passages)) << "::bigint FOR UPDATE SKIP LOCKED), sums AS (SELECT *, "
                                              "sum(chunks) OVER w AS sum, row_number() OVER w AS place FROM free "
                                              "WINDOW w AS (ORDER BY stamp)) "
                                              "UPDATE ragd.documents d SET leased_until = now() + interval '";
  statement << kLease << "' FROM sums s WHERE d.tenant = s.tenant AND d.id = s.id AND (s.place = 1 OR s.sum <= ";
  statement.bind(std::to_string(passages)) << "::bigint) RETURNING d.tenant, d.id, d.stamp, d.title";
  return statement;
}

Statement texts_of(const std::vector<WaitingDocument>& documents) {
  ArrayText tenants;
  ArrayText ids;
  for (const WaitingDocument& document : documents) {
    tenants.add(document.tenant);
    ids.add(document.id);
  }
  Statement select("SELECT n.place, k.heading, k.text FROM unnest(");
  select.bind(std::move(tenants).str()) << "::text[], ";
  select.bind(std::move(ids).str()) << "::text[]) WITH ORDINALITY AS n(tenant, id, place) "
                                       "JOIN ragd.chunks k ON k.tenant = n.tenant AND k.document_id = n.id "
                                       "ORDER BY n.place, k.ordinal";
  return select;
}

}  // namespace

Effort VectorQueue::effort() const {
  return {std::chrono::steady_clock::now() + kPatience, true, false};
}

Task<Result<std::vector<WaitingDocument>>> VectorQueue::take(std::size_t passages) {
  if (indexer_) {
    const Result<void> brought = co_await bring_index(indexed_);
    if (!brought) co_return brought.error();
  }
  const auto work = [this, passages](Connection& connection, SteadyTime deadline) {
    return take_from(connection, passages, deadline);
  };
  co_return co_await database_.run(effort(), work);
}

Task<Result<std::vector<WaitingDocument>>> VectorQueue::take_from(Connection& connection, std::size_t passages,
                                                                  SteadyTime deadline) {
  const std::string model = std::to_string(database_.model());
  // Ended for good with this transaction, or again with the next; leases that fail to end run out.
  const std::vector<std::string> returned = std::exchange(returned_, {});
  std::vector<Statement> begin{Statement("BEGIN"), limit_time(deadline), end_leases(returned), lease(model, passages)};
  const SteadyTime now = std::chrono::steady_clock::now();
  const bool counts = now - counted_ >= kCountEvery;
  if (counts) {
    begin.emplace_back("SELECT tenant, sum(chunks) FROM ragd.documents WHERE " + waits_for(model) + " GROUP BY tenant");
  }
  Result<AllRows> rows = co_await connection.run(std::move(begin), deadline);
  if (!rows) {
    returned_.insert(returned_.end(), returned.begin(), returned.end());
    co_return rows.error();
  }
  std::vector<WaitingDocument> documents;
  std::vector<std::string> titles;
  const Rows& leased = rows->at(3);
  for (std::size_t i = 0; i < leased.size(); ++i) {
    documents.push_back({leased.text(i, 0), leased.text(i, 1), leased.text(i, 2), {}});
    titles.push_back(leased.text(i, 3));
  }
  if (counts) {
    set_waiting(rows->at(4));
    counted_ = now;
  }
  // In the same transaction: what was leased cannot be replaced before its texts are read.
  std::vector<Statement> end{texts_of(documents), Statement("COMMIT")};
  rows = co_await connection.run(std::move(end), deadline);
  if (!rows) co_return rows.error();
  const Rows& texts = rows->at(0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t place = texts.integer(i, 0) - 1;
    documents.at(place).texts.push_back(text_to_embed(titles.at(place), texts.text(i, 1), texts.text(i, 2)));
  }
  co_return documents;
}

void VectorQueue::put_back(const std::vector<WaitingDocument>& batch) {
  for (const WaitingDocument& document : batch) returned_.push_back(document.stamp);
}

Task<Result<void>> VectorQueue::land(std::vector<DocumentVectors> batch) {
  std::vector<std::string> stamps;
  std::size_t dimension = 0;
  std::map<std::string, std::size_t> passages;
  bool has_refused = false;
  for (const DocumentVectors& document : batch) {
    stamps.push_back(document.stamp);
    passages[document.tenant] += document.vectors.size();
    if (document.vectors.empty()) {
      has_refused = true;
    } else {
      dimension = document.vectors.front().size();
    }
  }
  Result<void> done;
  if (dimension > 0) {
    done = co_await bring_index(dimension);
  }
  if (done) {
    auto spell = [batch = std::move(batch)]() -> Result<LandingRows> { return landing_rows(batch); };
    const Result<LandingRows> rows = co_await net::offload(pool_, std::move(spell));
    const std::uint64_t model = database_.model();
    const auto work = [&rows, model](Connection& connection, SteadyTime deadline) {
      return land_rows(connection, *rows, model, deadline);
    };
    done = co_await database_.run(effort(), work);
  }
  if (!done) {
    returned_.insert(returned_.end(), stamps.begin(), stamps.end());
  } else {
    if (has_refused) counted_ = {};  // of how many passages nobody here knows
    note_landed(passages);
  }
  co_return done;
}

std::size_t VectorQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [tenant, passages] : waiting_) sum += passages;
  return sum;
}

std::size_t VectorQueue::waiting(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(tenant);
  return found == waiting_.end() ? 0 : found->second;
}

void VectorQueue::set_waiting(const Rows& counts) {
  const std::lock_guard lock(mutex_);
  waiting_.clear();
  for (std::size_t i = 0; i < counts.size(); ++i) waiting_[counts.text(i, 0)] = counts.integer(i, 1);
}

void VectorQueue::note_landed(const std::map<std::string, std::size_t>& passages) {
  const std::lock_guard lock(mutex_);
  for (const auto& [tenant, landed] : passages) {
    std::size_t& left = waiting_[tenant];
    left -= std::min(left, landed);
  }
}

Task<Result<void>> VectorQueue::bring_index(std::size_t dimension) {
  if (bringing_ || (indexed_ == dimension && !indexer_)) co_return Result<void>();
  bringing_ = true;
  Result<void> done;
  if (!indexer_) {
    done = co_await start_index(dimension, std::chrono::steady_clock::now() + kPatience);
    if (done) indexed_ = dimension;
  }
  if (done && indexer_) {
    co_await look_at_index();
  }
  bringing_ = false;
  co_return done;
}

Task<void> VectorQueue::look_at_index() {
  const Result<AllRows> built = co_await indexer_->receive(std::chrono::steady_clock::now() + kIndexWait);
  if (!built && built.error().code == Errc::deadline_exceeded) co_return;  // looked at again later
  indexer_.reset();
  if (built) co_return;
  indexed_ = 0;
  // Searches are exact without it, and slow only where there are many vectors.
  obs::log(LogLevel::warning, "the index of the vectors was not built",
           {{"error", std::string_view(built.error().detail)}});
}

/// Leaves indexer_ null where the index is there, or another replica is at it.
Task<Result<void>> VectorQueue::start_index(std::size_t dimension, SteadyTime deadline) {
  if (!has_index(dimension)) co_return Result<void>();
  Result<std::unique_ptr<Connection>> opened = co_await database_.open(deadline);
  if (!opened) co_return opened.error();
  const std::string model = std::to_string(database_.model());
  const std::string name = "embeddings_" + model + "_" + std::to_string(dimension);
  std::vector<Statement> look(2);
  look[0] << "SELECT coalesce((SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass('ragd." << name
          << "')), false), to_regclass('ragd." << name << "') IS NOT NULL";
  look[1] << "SELECT pg_try_advisory_lock(1918985060, " << model << ")";
  const Result<AllRows> found = co_await (*opened)->run(std::move(look), deadline);
  if (!found) co_return found.error();
  if (found->at(0).truth(0, 0) || !found->at(1).truth(0, 0)) co_return Result<void>();
  if (found->at(0).truth(0, 1)) {  // what an interrupted build left
    std::vector<Statement> drop{Statement("DROP INDEX ragd." + name)};
    const Result<AllRows> dropped = co_await (*opened)->run(std::move(drop), deadline);
    if (!dropped) co_return dropped.error();
  }
  const bool halves = as_indexed("", dimension).starts_with("::halfvec");
  const std::vector<Statement> create{Statement(
      "CREATE INDEX CONCURRENTLY " + name + " ON ragd.embeddings USING hnsw ((" + as_indexed("embedding", dimension) +
      ") " + (halves ? "halfvec" : "vector") + "_cosine_ops) WHERE model = " + model)};
  const Result<void> sent = (*opened)->send(create);
  if (!sent) co_return sent;
  indexer_ = std::move(*opened);
  co_return Result<void>();
}

}  // namespace ragd::retrieval::pgvector
