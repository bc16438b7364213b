#include "retrieval/embedded_corpus.hpp"

#include "base/analyzer.hpp"
#include "net/offload.hpp"
#include "retrieval/chunker.hpp"
#include "retrieval/hybrid.hpp"
#include "retrieval/vector_search.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace ragd::retrieval {

namespace {

// A posting costs 2 ns where chunks cannot be ruled out, on average far less: up to this many are scored where the
// question is, for 0.1 ms and seldom 0.4, in which that core serves nobody else. The way to the pool and back costs
// tens of microseconds, and far more while writes occupy it.
constexpr std::size_t kInlinePostings = 65'536;

/// Likewise, of numbers multiplied: 0.2 ms.
constexpr std::size_t kInlineNumbers = 1U << 19;

Error too_many_writes() {
  return fail(Errc::overloaded, "too many writes wait", "too many writes at once, try again");
}

/// As of one view, so what is listed is there.
Result<DocumentBatch> scan_view(const store::View& view, const std::string& tenant, const std::string& after,
                                std::size_t limit) {
  Result<DocumentPage> page = view.list(tenant, after, limit);
  if (!page) return page.error();
  DocumentBatch batch;
  std::size_t bytes = 0;
  for (DocumentSummary& summary : page->documents) {
    bytes += summary.bytes + summary.metadata_json.size();
    if (!batch.documents.empty() && bytes > Documents::kScanBytes) {
      batch.next = batch.documents.back().id;
      return batch;
    }
    Result<store::StoredDocument> stored = view.get(tenant, summary.id);
    if (!stored) return stored.error();
    batch.documents.push_back(std::move(stored->document));
  }
  batch.next = std::move(page->next);
  return batch;
}

/// One question's search; it owns all it needs, to go to the pool with it.
struct Job {
  PublishedCatalogue::Pointer catalogue;
  std::string tenant;
  Search search;
  PassagePolicy policy;
  const RetrievalSettings& settings;  // the corpus's
  Filter filter;
  SharedVector vector;  ///< null: by words alone
  bool degraded = false;
  std::optional<Ranking> ranking;

  [[nodiscard]] bool is_cheap() const {
    // A filter's cost is not known beforehand, but bounded by the chunks.
    return search.postings() <= kInlinePostings && (filter.empty() || search.snapshot().chunks() <= kInlinePostings) &&
           (vector == nullptr || cost_of_vectors(search.snapshot()) <= kInlineNumbers);
  }

  void rank() {
    if (ranking) return;
    const std::size_t count = chunks_to_rank(policy);
    if (vector == nullptr) {
      ranking = search.run(count, settings.min_score, filter);
      return;
    }
    const Snapshot& snapshot = search.snapshot();
    const std::size_t candidates = std::max(count, kFusedCandidates);
    ranking = search.run(candidates, settings.min_score, filter);
    const auto nearest = nearest_chunks(snapshot, *vector, candidates, settings.min_score, filter);
    // As long as few passages have vectors, having one must not be what decides.
    const double share = static_cast<double>(snapshot.embedded()) / static_cast<double>(snapshot.chunks());
    ranking->chunks = fuse_chunks(ranking->chunks, nearest, settings.fusion, settings.vector_weight * share, count);
  }

  /// Null: the passages are not all in memory.
  [[nodiscard]] Result<std::optional<Retrieved>> read(store::ReadFrom from) const {
    auto passages = read_passages(*catalogue->view, tenant, ranking->chunks, policy, from);
    if (!passages) return passages.error();
    if (!*passages) return std::optional<Retrieved>();
    return std::optional(Retrieved{**std::move(passages), search.snapshot().version(), ranking->terms, degraded});
  }
};

}  // namespace

EmbeddedCorpus::EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool,
                               boost::asio::thread_pool& writer_pool, CorpusWriter& writer,
                               PublishedCatalogue& published, RetrievalSettings settings, QueryEmbedder* queries,
                               const EmbeddingQueue* queue)
    : store_(store),
      pool_(pool),
      writer_pool_(writer_pool),
      writer_(writer),
      published_(published),
      settings_(std::move(settings)),
      queries_(queries),
      queue_(queue) {}

Result<EmbeddedCorpus::CataloguePtr> EmbeddedCorpus::catalogue() const {
  CataloguePtr catalogue = published_.load();
  if (!catalogue) return fail(Errc::unavailable, "the index is not restored", "the index is being restored, try again");
  return catalogue;
}

Search EmbeddedCorpus::search_in(const CataloguePtr& catalogue, const std::string& tenant,
                                 const std::string& text) const {
  const auto use = settings_.drop_question_words ? base::TermUse::query : base::TermUse::document;
  return {catalogue->of(tenant), text, Bm25{settings_.k1, settings_.b}, use};
}

PassagePolicy EmbeddedCorpus::policy_for(const RetrievalQuery& query) const {
  return {query.top_k, settings_.collapse_duplicates, settings_.diversity};
}

/// Null without an Error: there is nothing a vector could find.
Task<Result<SharedVector>> EmbeddedCorpus::vector_of(const RequestContext& context, const RetrievalQuery& query) {
  const Result<CataloguePtr> now = catalogue();
  if (!now) co_return now.error();
  if ((*now)->of(context.caller.tenant)->chunks() == 0) co_return SharedVector();
  co_return co_await queries_->embed(context, query.text);
}

Task<Result<Retrieved>> EmbeddedCorpus::retrieve(const RequestContext& context, const RetrievalQuery& query) {
  Result<SharedVector> vector = SharedVector();
  if (queries_ != nullptr) {
    vector = co_await vector_of(context, query);
  }
  const bool degraded = vector.has_error();
  // After the wait for the vector, so that nothing written meanwhile is missed.
  const Result<CataloguePtr> now = catalogue();
  if (!now) co_return now.error();
  Job job{*now,
          context.caller.tenant,
          search_in(*now, context.caller.tenant, query.text),
          policy_for(query),
          settings_,
          query.filter,
          vector ? *std::move(vector) : nullptr,
          degraded,
          std::nullopt};
  if (job.is_cheap()) {
    job.rank();
    Result<std::optional<Retrieved>> found = job.read(store::ReadFrom::memory);
    if (!found) co_return found.error();
    if (*found) co_return **std::move(found);
  }
  auto work = [job = std::move(job)]() mutable -> Result<Retrieved> {
    job.rank();
    Result<std::optional<Retrieved>> found = job.read(store::ReadFrom::disk);
    if (!found) return found.error();
    return **std::move(found);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Result<VersionPtr> EmbeddedCorpus::version(const std::string& tenant) const {
  VersionPtr version = published_.glance([&](const Catalogue* catalogue) {
    return catalogue == nullptr ? nullptr : catalogue->of(tenant)->shared_version();
  });
  if (!version) return fail(Errc::unavailable, "the index is not restored", "the index is being restored, try again");
  return version;
}

Task<Result<VersionPtr>> EmbeddedCorpus::read_version(const RequestContext& context) {
  co_return version(context.caller.tenant);
}

std::string EmbeddedCorpus::settings_tag() const {
  const std::string vectors = queries_ == nullptr
                                  ? "none"
                                  : queries_->tag() + ";fusion=" + std::to_string(static_cast<int>(settings_.fusion)) +
                                        ";weight=" + std::to_string(settings_.vector_weight);
  return "vectors=" + vectors + ";bm25;k1=" + std::to_string(settings_.k1) + ";b=" + std::to_string(settings_.b) +
         ";min_score=" + std::to_string(settings_.min_score) +
         ";question_words=" + (settings_.drop_question_words ? "dropped" : "kept") +
         ";collapse=" + (settings_.collapse_duplicates ? "on" : "off") +
         ";diversity=" + std::to_string(settings_.diversity) + ";" + index_tag();
}

Task<Result<void>> EmbeddedCorpus::ping() {
  // From here, since it comes round again: nothing that failed must wait for a write.
  if (!tending_.exchange(true)) {
    boost::asio::post(writer_pool_, [this] {
      tending_ = false;
      writer_.tend();
    });
  }
  auto work = [this]() -> Result<void> {
    if (const auto now = catalogue(); !now) return now.error();
    return store_.ping();
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<PutOutcome>> EmbeddedCorpus::put(const RequestContext& context, std::vector<Document> batch) {
  WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  auto work = [this, turn = std::move(turn), tenant = context.caller.tenant, batch = std::move(batch)]() mutable {
    const WriteTurns::Turn held = std::move(turn);
    return writer_.put(tenant, std::move(batch));
  };
  co_return co_await net::offload(writer_pool_, std::move(work));
}

Task<Result<std::string>> EmbeddedCorpus::erase(const RequestContext& context, std::string id) {
  WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  auto work = [this, turn = std::move(turn), tenant = context.caller.tenant, id = std::move(id)]() mutable {
    const WriteTurns::Turn held = std::move(turn);
    return writer_.erase(tenant, id);
  };
  co_return co_await net::offload(writer_pool_, std::move(work));
}

Task<Result<Document>> EmbeddedCorpus::get(const RequestContext& context, std::string id) {
  const Result<CataloguePtr> now = catalogue();
  if (!now) co_return now.error();
  auto work = [now = *now, tenant = context.caller.tenant, id = std::move(id)]() -> Result<Document> {
    Result<store::StoredDocument> stored = now->view->get(tenant, id);
    if (!stored) return stored.error();
    return std::move(stored->document);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<DocumentPage>> EmbeddedCorpus::list(const RequestContext& context, std::string after, std::size_t limit) {
  const Result<CataloguePtr> now = catalogue();
  if (!now) co_return now.error();
  auto work = [this, now = *now, tenant = context.caller.tenant, after = std::move(after), limit] {
    Result<DocumentPage> page = now->view->list(tenant, after, limit);
    if (page && queue_ != nullptr) page->waiting = queue_->waiting(tenant);
    return page;
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<DocumentBatch>> EmbeddedCorpus::scan(const RequestContext& context, std::string after, std::size_t limit) {
  const Result<CataloguePtr> now = catalogue();
  if (!now) co_return now.error();
  auto work = [now = *now, tenant = context.caller.tenant, after = std::move(after), limit] {
    return scan_view(*now->view, tenant, after, limit);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

CorpusSize EmbeddedCorpus::size() const {
  CorpusSize size;
  const CataloguePtr now = published_.load();
  if (!now) return size;
  for (const auto& [tenant, snapshot] : now->tenants) {
    size.documents += snapshot->documents();
    size.chunks += snapshot->chunks();
    size.segments += snapshot->segments().size();
    size.index_bytes += snapshot->bytes();
    size.embedded += snapshot->embedded();
  }
  return size;
}

}  // namespace ragd::retrieval
