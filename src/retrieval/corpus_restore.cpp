// CorpusWriter's way back: the index is loaded from its records, or built anew from the documents.
#include "obs/log.hpp"
#include "retrieval/corpus_writer.hpp"
#include "retrieval/index_records.hpp"
#include "retrieval/metadata_values.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Built at once where the index is made anew.
constexpr std::size_t kChunksBuilt = 32'768;
/// Records erased or pieces stored in one commit.
constexpr std::size_t kRecordsAtOnce = 1024;
constexpr std::size_t kPiecesAtOnce = 8;

Result<std::vector<IndexedDocument>> with_metadata(const std::vector<store::StoredDocument>& documents) {
  std::vector<IndexedDocument> indexed;
  for (const store::StoredDocument& stored : documents) {
    Result<Metadata> metadata = parse_metadata(stored.document.metadata_json);
    if (!metadata) return metadata.error();
    indexed.push_back({&stored, *std::move(metadata)});
  }
  return indexed;
}

}  // namespace

Result<void> CorpusWriter::restore() {
  try {
    return restore_or_throw();
  } catch (const std::exception& exception) {
    return fail(Errc::unavailable, std::string("the index cannot be restored: ") + exception.what());
  }
}

Result<void> CorpusWriter::restore_or_throw() {
  const store::ViewPtr view = look();
  const auto versions = store_.versions();
  if (!versions) return versions.error();
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->nothing = std::make_shared<const Snapshot>(store_.initial_version());
  for (const auto& [tenant, version] : *versions) {
    Result<SnapshotPtr> snapshot = restored(*view, tenant, version);
    if (!snapshot) return snapshot.error();
    catalogue->tenants[tenant] = *std::move(snapshot);
  }
  Result<void> published = publish(catalogue);
  if (!published) return published;
  for (const auto& [tenant, snapshot] : catalogue->tenants) begin_merges(tenant);
  return {};
}

Result<SnapshotPtr> CorpusWriter::restored(const store::View& view, const std::string& tenant,
                                           const std::string& version) {
  Result<LoadedIndex> index = load_index(view, tenant, index_tag(), vectors_);
  if (!index) return index.error();
  next_number_ = std::max(next_number_, index->next_number);
  std::vector<SegmentView> segments = std::move(index->segments);
  if (index->unusable) {
    obs::log(LogLevel::warning, "the index is built anew",
             {{"tenant", std::string_view(tenant)}, {"why", std::string_view(*index->unusable)}});
    Result<std::vector<SegmentView>> anew = built_anew(view, tenant);
    if (!anew) return anew.error();
    segments = *std::move(anew);
  }
  // The manifest has been written anew where it was litter too.
  std::erase(index->litter, manifest_name());
  const Result<void> swept = sweep(tenant, std::move(index->litter));
  if (!swept) {
    obs::log(LogLevel::warning, "what an interrupted merge left is swept up later",
             {{"error", std::string_view(swept.error().detail)}});
  }
  return std::make_shared<const Snapshot>(version, std::move(segments));
}

Result<std::vector<SegmentView>> CorpusWriter::built_anew(const store::View& view, const std::string& tenant) {
  std::vector<SegmentView> segments;
  std::vector<store::StoredDocument> documents;
  std::size_t chunks = 0;
  const auto build = [&]() -> Result<void> {
    if (documents.empty()) return {};
    auto indexed = with_metadata(documents);
    if (!indexed) return indexed.error();
    segments.emplace_back(next_number_++, Segment::build(*std::move(indexed)));
    documents.clear();
    chunks = 0;
    return store_pieces(tenant, segments.back().number, *segments.back().segment);
  };
  Result<void> read = view.for_each(tenant, [&](store::StoredDocument stored) {
    chunks += stored.chunks.size();
    documents.push_back(std::move(stored));
    return chunks >= kChunksBuilt ? build() : Result<void>();
  });
  if (read) read = build();
  if (!read) return read.error();
  store::Write write(tenant);
  put_manifest(write, index_tag(), segments);
  const Result<void> committed = store_.commit(write);
  if (!committed) return committed.error();
  return segments;
}

Result<void> CorpusWriter::store_pieces(const std::string& tenant, std::uint64_t number, const Segment& segment) {
  for (std::size_t first = 0; first < piece_count(segment); first += kPiecesAtOnce) {
    store::Write write(tenant);
    put_pieces(write, number, segment, first, kPiecesAtOnce);
    Result<void> committed = store_.commit(write);
    if (!committed) return committed;
  }
  return {};
}

Result<void> CorpusWriter::sweep(const std::string& tenant, std::vector<std::string> litter) {
  for (std::size_t first = 0; first < litter.size(); first += kRecordsAtOnce) {
    store::Write write(tenant);
    for (std::size_t i = first; i < std::min(litter.size(), first + kRecordsAtOnce); ++i) {
      write.erase_index(std::move(litter[i]));
    }
    Result<void> committed = store_.commit(write);
    if (!committed) return committed;
  }
  return {};
}

}  // namespace ragd::retrieval
