#include "retrieval/embedded_corpus.hpp"

#include "base/analyzer.hpp"
#include "net/offload.hpp"
#include "obs/log.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/chunker.hpp"
#include "retrieval/metadata_filter.hpp"
#include "retrieval/search.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

// A posting costs 2 ns where chunks cannot be ruled out, on average far less: up to this many are scored where the
// question is, for 0.1 ms and seldom 0.4, in which that core serves nobody else. The way to the pool and back costs
// tens of microseconds, and far more while writes occupy it.
constexpr std::size_t kInlinePostings = 65'536;

DocumentPtr indexed(store::StoredDocument stored, Metadata metadata) {
  return std::make_shared<const IndexedDocument>(
      IndexedDocument{std::move(stored.document), std::move(stored.chunks), std::move(metadata)});
}

/// A batch as it is going to be stored and indexed, both by position.
struct Prepared {
  std::vector<store::StoredDocument> documents;
  std::vector<Metadata> metadata;
};

/// Whatever can be wrong with a batch is found here, before anything is written.
Result<Prepared> prepare(std::vector<Document> batch) {
  Prepared prepared;
  std::set<std::string, std::less<>> ids;
  for (Document& document : batch) {
    if (!ids.insert(document.id).second)
      return fail(Errc::unprocessable, {}, "a document id occurs twice in the batch");
    Result<Metadata> metadata = parse_metadata(document.metadata_json);
    if (!metadata) return metadata.error();
    prepared.metadata.push_back(*std::move(metadata));
    std::vector<store::ChunkSpan> chunks = chunk_text(document.text);
    prepared.documents.push_back({std::move(document), std::move(chunks)});
  }
  return prepared;
}

using Stored = std::map<std::string, std::vector<DocumentPtr>>;  ///< by tenant

/// Of the tenant `only`, or of all when it is null.
Result<Stored> read_documents(store::DocumentStore& store, const std::string* only) {
  Stored documents;
  const Result<void> read = store.for_each([&](const std::string& tenant, store::StoredDocument stored) {
    if (only != nullptr && tenant != *only) return Result<void>();
    Result<Metadata> metadata = parse_metadata(stored.document.metadata_json);
    if (!metadata) return Result<void>(metadata.error());
    documents[tenant].push_back(indexed(std::move(stored), *std::move(metadata)));
    return Result<void>();
  });
  if (!read) return read.error();
  return documents;
}

Error behind() {
  return fail(Errc::unavailable, "the index is behind the documents", "the index is being mended, try again");
}

template <class Catalogue>
bool is_any_behind(const Catalogue& catalogue) {
  return std::any_of(catalogue.begin(), catalogue.end(), [](const auto& entry) { return !entry.second; });
}

Error too_many_writes() {
  return fail(Errc::overloaded, "too many writes wait", "too many writes at once, try again");
}

}  // namespace

EmbeddedCorpus::EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool,
                               boost::asio::thread_pool& writer, RetrievalSettings settings)
    : store_(store),
      pool_(pool),
      writer_(writer),
      settings_(settings),
      nothing_(std::make_shared<const Snapshot>(store.initial_version())) {}

Result<void> EmbeddedCorpus::restore() {
  Result<Stored> documents = read_documents(store_, nullptr);
  if (!documents) return documents.error();
  const auto versions = store_.versions();
  if (!versions) return versions.error();
  Catalogue catalogue;
  for (const auto& [tenant, version] : *versions) {
    catalogue.emplace(tenant, std::make_shared<const Snapshot>(version, std::move((*documents)[tenant])));
  }
  catalogue_.store(std::make_shared<const Catalogue>(std::move(catalogue)));
  return {};
}

Result<SnapshotPtr> EmbeddedCorpus::snapshot(const std::string& tenant) const {
  const auto catalogue = catalogue_.load();
  if (!catalogue) return fail(Errc::unavailable, "the index is not restored yet");
  const auto found = catalogue->find(tenant);
  if (found == catalogue->end()) return nothing_;
  if (!found->second) return behind();
  return found->second;
}

Task<Result<Retrieved>> EmbeddedCorpus::retrieve(const RequestContext& context, const RetrievalQuery& query) {
  Result<SnapshotPtr> current = snapshot(context.caller.tenant);
  if (!current) co_return current.error();
  Search search(*std::move(current), query.text);
  if (search.postings() <= kInlinePostings) co_return search.run(query.top_k, settings_.min_score, query.filter);
  auto work = [search = std::move(search), top_k = query.top_k, min_score = settings_.min_score,
               filter = query.filter]() -> Result<Retrieved> { return search.run(top_k, min_score, filter); };
  co_return co_await net::offload(pool_, std::move(work));
}

Result<VersionPtr> EmbeddedCorpus::version(const std::string& tenant) const {
  VersionPtr version = catalogue_.glance([&](const Catalogue* catalogue) -> VersionPtr {
    if (catalogue == nullptr) return nullptr;
    const auto found = catalogue->find(tenant);
    if (found == catalogue->end()) return nothing_->shared_version();
    return found->second ? found->second->shared_version() : nullptr;
  });
  if (version) return version;
  const Result<SnapshotPtr> why_not = snapshot(tenant);
  if (why_not) return (*why_not)->shared_version();  // it has come since
  return why_not.error();
}

std::string EmbeddedCorpus::settings_tag() const {
  return "bm25;k1=" + std::to_string(kK1) + ";b=" + std::to_string(kB) + ";title=" + std::to_string(kTitleWeight) +
         ";min_score=" + std::to_string(settings_.min_score) + ";analyzer=" + std::string(base::kAnalyzerTag) +
         ";chunker=" + std::string(kChunkerTag);
}

Task<Result<void>> EmbeddedCorpus::ping() {
  // From here, since it comes round again: a tenant that nobody writes to must not wait for a write.
  if (const auto catalogue = catalogue_.load(); catalogue && is_any_behind(*catalogue)) {
    boost::asio::post(writer_, [this] { mend_all(); });
  }
  auto work = [this] { return store_.ping(); };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<PutOutcome>> EmbeddedCorpus::put(const RequestContext& context, std::vector<Document> batch) {
  WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  auto work = [this, turn = std::move(turn), tenant = context.caller.tenant, batch = std::move(batch)]() mutable {
    const WriteTurns::Turn held = std::move(turn);
    return write(tenant, std::move(batch));
  };
  co_return co_await net::offload(writer_, std::move(work));
}

Result<PutOutcome> EmbeddedCorpus::write(const std::string& tenant, std::vector<Document> batch) {
  Result<Prepared> prepared = prepare(std::move(batch));
  if (!prepared) return prepared.error();
  std::vector<store::StoredDocument>& documents = prepared->documents;

  const Result<SnapshotPtr> current = trusted_snapshot(tenant);
  if (!current) return current.error();
  return keep_true(tenant, [&]() -> Result<PutOutcome> {
    const Result<store::WriteReceipt> receipt = store_.put(tenant, documents);
    if (!receipt) return receipt.error();
    PutOutcome outcome;
    std::vector<DocumentPtr> changed;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (!receipt->changed[i]) continue;
      outcome.chunks += documents[i].chunks.size();
      changed.push_back(indexed(std::move(documents[i]), std::move(prepared->metadata[i])));
    }
    outcome.accepted = changed.size();
    outcome.unchanged = documents.size() - changed.size();
    outcome.version = receipt->version;
    if (changed.empty()) return outcome;
    catalogue_.store(catalogue_with(tenant, index(**current, receipt->version, std::move(changed), {})));
    return outcome;
  });
}

Task<Result<std::string>> EmbeddedCorpus::erase(const RequestContext& context, std::string id) {
  WriteTurns::Turn turn = turns_.take();
  if (!turn) co_return too_many_writes();
  auto work = [this, turn = std::move(turn), tenant = context.caller.tenant, id = std::move(id)]() mutable {
    const WriteTurns::Turn held = std::move(turn);
    return remove(tenant, id);
  };
  co_return co_await net::offload(writer_, std::move(work));
}

Result<std::string> EmbeddedCorpus::remove(const std::string& tenant, const std::string& id) {
  const Result<SnapshotPtr> current = trusted_snapshot(tenant);
  if (!current) return current.error();
  return keep_true(tenant, [&] {
    Result<std::string> version = store_.erase(tenant, id);
    if (version) catalogue_.store(catalogue_with(tenant, index(**current, *version, {}, {id})));
    return version;
  });
}

SnapshotPtr EmbeddedCorpus::index(const Snapshot& current, std::string version, std::vector<DocumentPtr> documents,
                                  const std::vector<std::string>& erased) const {
  return current.with(std::move(version), std::move(documents), erased);
}

EmbeddedCorpus::CataloguePtr EmbeddedCorpus::catalogue_with(const std::string& tenant, SnapshotPtr next) const {
  Catalogue catalogue = *catalogue_.load();
  catalogue[tenant] = std::move(next);
  return std::make_shared<const Catalogue>(std::move(catalogue));
}

/// A `change` that throws may have changed the store: the tenant's index, which knows nothing of it, is then withdrawn.
/// What says so is made before, so that saying it cannot fail too.
template <class Change>
auto EmbeddedCorpus::keep_true(const std::string& tenant, Change change) -> decltype(change()) {
  CataloguePtr withdrawn = catalogue_with(tenant, nullptr);
  try {
    return change();
  } catch (const std::exception& exception) {
    catalogue_.store(std::move(withdrawn));
    obs::log(LogLevel::error, "indexing failed after the write", {{"error", std::string_view(exception.what())}});
    return behind();
  }
}

Result<SnapshotPtr> EmbeddedCorpus::trusted_snapshot(const std::string& tenant) {
  const auto catalogue = catalogue_.load();
  if (catalogue) {
    const auto found = catalogue->find(tenant);
    if (found != catalogue->end() && !found->second) return mend(tenant);
  }
  return snapshot(tenant);
}

Result<SnapshotPtr> EmbeddedCorpus::mend(const std::string& tenant) {
  try {
    Result<Stored> documents = read_documents(store_, &tenant);
    if (!documents) return documents.error();
    const Result<std::string> version = store_.version(tenant);
    if (!version) return version.error();
    SnapshotPtr mended = index(*nothing_, *version, std::move((*documents)[tenant]), {});
    catalogue_.store(catalogue_with(tenant, mended));
    obs::log(LogLevel::warning, "index mended", {{"version", std::string_view(*version)}});
    return mended;
  } catch (const std::exception& exception) {
    obs::log(LogLevel::error, "index cannot be mended", {{"error", std::string_view(exception.what())}});
    return behind();
  }
}

void EmbeddedCorpus::mend_all() {
  const auto catalogue = catalogue_.load();
  for (const auto& [tenant, snapshot] : *catalogue) {
    if (snapshot) continue;
    if (const auto mended = mend(tenant); !mended) {
      obs::log(LogLevel::error, "index stays behind", {{"error", std::string_view(mended.error().detail)}});
    }
  }
}

Task<Result<Document>> EmbeddedCorpus::get(const RequestContext& context, std::string id) {
  auto work = [this, tenant = context.caller.tenant, id = std::move(id)]() -> Result<Document> {
    Result<store::StoredDocument> stored = store_.get(tenant, id);
    if (!stored) return stored.error();
    return std::move(stored->document);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<DocumentPage>> EmbeddedCorpus::list(const RequestContext& context, std::string after, std::size_t limit) {
  auto work = [this, tenant = context.caller.tenant, after = std::move(after), limit] {
    return store_.list(tenant, after, limit);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

CorpusSize EmbeddedCorpus::size() const {
  CorpusSize size;
  const auto catalogue = catalogue_.load();
  if (!catalogue) return size;
  for (const auto& [tenant, snapshot] : *catalogue) {
    if (!snapshot) continue;
    size.documents += snapshot->documents();
    size.chunks += snapshot->chunks();
    size.index_bytes += snapshot->bytes();
  }
  return size;
}

}  // namespace ragd::retrieval
