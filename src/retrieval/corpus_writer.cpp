#include "retrieval/corpus_writer.hpp"

#include "base/analyzer.hpp"
#include "obs/log.hpp"
#include "retrieval/chunker.hpp"
#include "retrieval/embedding_texts.hpp"
#include "retrieval/index_records.hpp"
#include "retrieval/metadata_values.hpp"
#include "retrieval/prepared_batch.hpp"

#include <exception>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

std::string index_tag() {
  return "segments-2;title=" + std::to_string(kTitleWeight) + ";analyzer=" + std::string(base::kAnalyzerTag) +
         ";chunker=" + std::string(kChunkerTag);
}

CorpusWriter::CorpusWriter(store::DocumentStore& store, boost::asio::thread_pool& writer,
                           boost::asio::thread_pool& merger, PublishedCatalogue& published, std::uint64_t vectors)
    : store_(store), writer_(writer), merger_(merger), published_(published), vectors_(vectors) {}

Result<std::shared_ptr<const Catalogue>> CorpusWriter::current() const {
  auto catalogue = published_.load();
  if (!catalogue) return fail(Errc::unavailable, "the index is not restored", "the index is being restored, try again");
  return catalogue;
}

std::set<std::uint64_t> CorpusWriter::busy(const std::string& tenant) const {
  std::set<std::uint64_t> numbers;
  for (const std::optional<Running>& running : running_) {
    if (!running || running->tenant != tenant) continue;
    for (const SegmentView& source : running->merge.sources) numbers.insert(source.number);
  }
  return numbers;
}

Result<PutOutcome> CorpusWriter::put(const std::string& tenant, std::vector<Document> batch) {
  Result<PreparedBatch> prepared = prepare(std::move(batch));
  if (!prepared) return prepared.error();
  const auto catalogue = current();
  if (!catalogue) return catalogue.error();
  const std::vector<store::StoredDocument>& documents = prepared->documents;
  const auto differences = store_.compare(tenant, documents);
  if (!differences) return differences.error();

  PutOutcome outcome;
  store::Write write(tenant);
  std::vector<IndexedDocument> fresh;
  std::vector<store::StoredDocument> replaced;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if ((*differences)[i] == store::Difference::none) continue;
    if ((*differences)[i] == store::Difference::replaced) {
      auto before = (*catalogue)->view->get(tenant, documents[i].document.id);
      if (!before) return before.error();
      replaced.push_back(*std::move(before));
    }
    outcome.chunks += documents[i].chunks.size();
    write.put(documents[i]);
    fresh.push_back({&documents[i], std::move(prepared->metadata[i])});
  }
  outcome.accepted = fresh.size();
  outcome.unchanged = documents.size() - fresh.size();
  const SnapshotPtr& snapshot = (*catalogue)->of(tenant);
  outcome.version = snapshot->version();
  if (fresh.empty()) return outcome;

  Result<std::string> version = store_.next_version(tenant);
  if (!version) return version.error();
  IndexChange change(*snapshot, next_number_, busy(tenant));
  change.bury(replaced);
  change.add(std::move(fresh));
  change.merge_small();
  const Result<void> committed = commit(tenant, std::move(change), *version, std::move(write));
  if (!committed) return committed.error();
  outcome.version = *std::move(version);
  return outcome;
}

Result<std::string> CorpusWriter::erase(const std::string& tenant, const std::string& id) {
  const auto catalogue = current();
  if (!catalogue) return catalogue.error();
  Result<store::StoredDocument> before = (*catalogue)->view->get(tenant, id);
  if (!before) return before.error();
  Result<std::string> version = store_.next_version(tenant);
  if (!version) return version.error();
  IndexChange change(*(*catalogue)->of(tenant), next_number_, busy(tenant));
  change.bury({*std::move(before)});
  change.merge_small();
  store::Write write(tenant);
  write.erase(id);
  const Result<void> committed = commit(tenant, std::move(change), *version, std::move(write));
  if (!committed) return committed.error();
  return version;
}

Result<void> CorpusWriter::land(const std::string& tenant, const std::vector<DocumentVectors>& batch) {
  const auto catalogue = current();
  if (!catalogue) return catalogue.error();
  const SnapshotPtr& snapshot = (*catalogue)->of(tenant);
  std::vector<store::StoredDocument> landing;
  std::vector<const std::vector<Vector>*> vectors;
  for (const DocumentVectors& its : batch) {
    if (its.vectors.empty() || !snapshot->find(its.id)) continue;
    auto stored = (*catalogue)->view->get(tenant, its.id);
    if (!stored) return stored.error();
    if (its.vectors.size() != stored->chunks.size() || stamp_of(texts_to_embed(*stored)) != its.stamp) continue;
    landing.push_back(*std::move(stored));
    vectors.push_back(&its.vectors);
  }
  if (landing.empty()) return {};
  std::vector<IndexedDocument> fresh;
  for (std::size_t i = 0; i < landing.size(); ++i) {
    Result<Metadata> metadata = parse_metadata(landing[i].document.metadata_json);
    if (!metadata) return metadata.error();
    fresh.push_back({&landing[i], *std::move(metadata), vectors[i]});
  }
  Result<std::string> version = store_.next_version(tenant);
  if (!version) return version.error();
  IndexChange change(*snapshot, next_number_, busy(tenant));
  change.bury(landing);
  change.add(std::move(fresh), vectors_);
  change.merge_small();
  store::Write write(tenant);
  write.bump_version();
  return commit(tenant, std::move(change), *version, std::move(write));
}

// Whatever needs memory or may be refused comes before the store's commit.
Result<void> CorpusWriter::commit(const std::string& tenant, IndexChange change, const std::string& version,
                                  store::Write write) {
  auto fresh = std::make_shared<Catalogue>(*published_.load());
  const auto is_concerned = [&tenant](const std::optional<Running>& running) {
    return running && running->tenant == tenant;
  };
  for (std::optional<Running>& running : running_) {
    if (is_concerned(running)) running->late.push_back(change.burials());
  }
  fresh->tenants[tenant] = std::move(change).finish(version, index_tag(), write);
  Result<void> committed = store_.commit(write);
  if (!committed) {
    for (std::optional<Running>& running : running_) {
      if (is_concerned(running)) running->late.pop_back();
    }
    return committed;
  }
  Result<void> published = publish(std::move(fresh));
  if (published) begin_merges(tenant);
  return published;
}

/// When it fails nobody can tell any more what is published: everything is withdrawn until it has been restored.
Result<void> CorpusWriter::publish(std::shared_ptr<Catalogue> fresh) {
  try {
    fresh->view = look();
    published_.store(std::move(fresh));
    return {};
  } catch (const std::exception& exception) {
    published_.store(nullptr);
    running_ = {};
    obs::log(LogLevel::error, "the index is withdrawn until it is restored",
             {{"error", std::string_view(exception.what())}});
    return fail(Errc::unavailable, "the index could not be published", "the index is being restored, try again");
  }
}

void CorpusWriter::tend() {
  merging_paused_ = false;
  if (!published_.load()) {
    const Result<void> done = restore();
    if (!done) {
      obs::log(LogLevel::error, "the index cannot be restored", {{"error", std::string_view(done.error().detail)}});
    }
    return;
  }
  const auto catalogue = published_.load();
  for (const auto& [tenant, snapshot] : catalogue->tenants) begin_merges(tenant);
}

}  // namespace ragd::retrieval
