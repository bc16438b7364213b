#include "retrieval/embedded_corpus.hpp"

#include "base/analyzer.hpp"
#include "net/offload.hpp"
#include "retrieval/chunker.hpp"
#include "retrieval/metadata_filter.hpp"
#include "retrieval/search.hpp"

#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

// A posting costs 3 to 6 ns: up to this many are scored where the question is, for at most 0.2 ms in which that core
// serves nobody else. The way to the pool and back costs tens of microseconds, and far more while writes occupy it.
constexpr std::size_t kInlinePostings = 32'768;

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

}  // namespace

EmbeddedCorpus::EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool, RetrievalSettings settings)
    : store_(store),
      pool_(pool),
      settings_(settings),
      nothing_(std::make_shared<const Snapshot>(store.initial_version())) {}

Result<void> EmbeddedCorpus::restore() {
  std::map<std::string, std::vector<DocumentPtr>> documents;
  Result<void> read = store_.for_each([&documents](const std::string& tenant, store::StoredDocument stored) {
    Result<Metadata> metadata = parse_metadata(stored.document.metadata_json);
    if (!metadata) return Result<void>(metadata.error());
    documents[tenant].push_back(indexed(std::move(stored), *std::move(metadata)));
    return Result<void>();
  });
  if (!read) return read;
  const auto versions = store_.versions();
  if (!versions) return versions.error();
  Catalogue catalogue;
  for (const auto& [tenant, version] : *versions) {
    catalogue.emplace(tenant, std::make_shared<const Snapshot>(version, std::move(documents[tenant])));
  }
  catalogue_.store(std::make_shared<const Catalogue>(std::move(catalogue)));
  return {};
}

Result<SnapshotPtr> EmbeddedCorpus::snapshot(const std::string& tenant) const {
  const auto catalogue = catalogue_.load();
  if (!catalogue) return fail(Errc::unavailable, "the index is not restored yet");
  const auto found = catalogue->find(tenant);
  return found == catalogue->end() ? nothing_ : found->second;
}

void EmbeddedCorpus::publish(const std::string& tenant, SnapshotPtr next) {
  Catalogue catalogue = *catalogue_.load();
  catalogue[tenant] = std::move(next);
  catalogue_.store(std::make_shared<const Catalogue>(std::move(catalogue)));
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

Result<std::string> EmbeddedCorpus::version(const std::string& tenant) const {
  const Result<SnapshotPtr> current = snapshot(tenant);
  if (!current) return current.error();
  return (*current)->version();
}

std::string EmbeddedCorpus::settings_tag() const {
  return "bm25;k1=" + std::to_string(kK1) + ";b=" + std::to_string(kB) + ";title=" + std::to_string(kTitleWeight) +
         ";min_score=" + std::to_string(settings_.min_score) + ";analyzer=" + std::string(base::kAnalyzerTag) +
         ";chunker=" + std::string(kChunkerTag);
}

Task<Result<void>> EmbeddedCorpus::ping() {
  auto work = [this] { return store_.ping(); };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<PutOutcome>> EmbeddedCorpus::put(const RequestContext& context, std::vector<Document> batch) {
  auto work = [this, tenant = context.caller.tenant, batch = std::move(batch)]() mutable {
    return write(tenant, std::move(batch));
  };
  co_return co_await net::offload(pool_, std::move(work));
}

Result<PutOutcome> EmbeddedCorpus::write(const std::string& tenant, std::vector<Document> batch) {
  Result<Prepared> prepared = prepare(std::move(batch));
  if (!prepared) return prepared.error();
  std::vector<store::StoredDocument>& documents = prepared->documents;

  const std::lock_guard lock(writing_);
  const Result<SnapshotPtr> current = snapshot(tenant);
  if (!current) return current.error();
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
  if (!changed.empty()) publish(tenant, (*current)->with(receipt->version, std::move(changed), {}));
  return outcome;
}

Task<Result<std::string>> EmbeddedCorpus::erase(const RequestContext& context, std::string id) {
  auto work = [this, tenant = context.caller.tenant, id = std::move(id)] { return remove(tenant, id); };
  co_return co_await net::offload(pool_, std::move(work));
}

Result<std::string> EmbeddedCorpus::remove(const std::string& tenant, const std::string& id) {
  const std::lock_guard lock(writing_);
  const Result<SnapshotPtr> current = snapshot(tenant);
  if (!current) return current.error();
  Result<std::string> version = store_.erase(tenant, id);
  if (version) publish(tenant, (*current)->with(*version, {}, {id}));
  return version;
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
    size.documents += snapshot->documents();
    size.chunks += snapshot->chunks();
    size.index_bytes += snapshot->bytes();
  }
  return size;
}

}  // namespace ragd::retrieval
