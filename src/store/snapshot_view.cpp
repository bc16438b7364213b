#include "store/snapshot_view.hpp"

#include "store/document_keys.hpp"
#include "store/record.hpp"
#include "store/rocks.hpp"

#include <algorithm>
#include <utility>

namespace ragd::store {

namespace {

constexpr std::size_t kMaxListed = 1000;

using Passages = std::optional<std::vector<StoredPassage>>;

Error no_such_document() {
  return fail(Errc::not_found, "no such document");
}

DocumentSummary summary_of(std::string_view id, HeaderRecord header) {
  return {std::string(id),          std::move(header.title),
          std::move(header.source), std::move(header.metadata_json),
          header.text_bytes,        header.chunks};
}

/// Passage records, document by document in order of id.
class PassageReader {
 public:
  PassageReader(rocksdb::DB& database, const rocksdb::ReadOptions& options)
      : database_(database), entry_(database.NewIterator(options)) {}

  /// The whole document of a header record.
  Result<StoredDocument> document(std::string_view tenant, std::string_view id, std::string_view header_bytes) {
    Result<HeaderRecord> header = decode_header(header_bytes);
    if (!header) return header.error();
    Assembly assembly(std::string(id), *std::move(header));
    for (std::uint32_t ordinal = 0; ordinal < assembly.chunks(); ++ordinal) {
      if (Result<void> found = move_to(passage_key(tenant, id, ordinal)); !found) return found.error();
      const Result<PassageRecord> passage = decode_passage(bytes_in(entry_->value()));
      if (!passage) return passage.error();
      if (Result<void> appended = assembly.append(*passage); !appended) return appended.error();
    }
    return std::move(assembly).finish();
  }

 private:
  Result<void> move_to(const std::string& key) {
    if (entry_->Valid()) entry_->Next();  // mostly it is the next one
    if (!entry_->Valid() || bytes_in(entry_->key()) != key) entry_->Seek(key);
    if (!entry_->status().ok()) return to_error(entry_->status(), "reading " + database_.GetName());
    if (entry_->Valid() && bytes_in(entry_->key()) == key) return {};
    return fail(Errc::internal, "a passage of a stored document is missing");
  }

  rocksdb::DB& database_;
  const std::unique_ptr<rocksdb::Iterator> entry_;
};

class SnapshotView final : public View {
 public:
  explicit SnapshotView(rocksdb::DB& database) : database_(database), snapshot_(database.GetSnapshot()) {}
  ~SnapshotView() override { database_.ReleaseSnapshot(snapshot_); }
  SnapshotView(const SnapshotView&) = delete;
  SnapshotView& operator=(const SnapshotView&) = delete;

  [[nodiscard]] Result<Passages> passages(const std::string& tenant, std::span<const PassageRef> refs,
                                          ReadFrom from) const override;
  [[nodiscard]] Result<bool> holds(const std::string& tenant, const std::string& id) const override;
  [[nodiscard]] Result<StoredDocument> get(const std::string& tenant, const std::string& id) const override;
  [[nodiscard]] Result<DocumentPage> list(const std::string& tenant, const std::string& after,
                                          std::size_t limit) const override;
  [[nodiscard]] Result<void> for_each(const std::string& tenant,
                                      const std::function<Result<void>(StoredDocument)>& visit) const override;
  [[nodiscard]] Result<void> for_each_index(
      const std::string& tenant, std::string_view prefix,
      const std::function<Result<void>(std::string_view name, std::string_view value)>& visit) const override;

 private:
  [[nodiscard]] Result<std::optional<StoredPassage>> passage(const std::string& tenant, const PassageRef& ref,
                                                             const rocksdb::ReadOptions& options) const;
  [[nodiscard]] rocksdb::ReadOptions reading() const;
  [[nodiscard]] rocksdb::ReadOptions scanning() const;
  [[nodiscard]] Result<void> finished(const rocksdb::Iterator& entry) const;

  rocksdb::DB& database_;
  const rocksdb::Snapshot* const snapshot_;
};

rocksdb::ReadOptions SnapshotView::reading() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  return options;
}

rocksdb::ReadOptions SnapshotView::scanning() const {
  rocksdb::ReadOptions options = reading();
  options.fill_cache = false;  // one pass over everything would only push out what is asked for often
  return options;
}

/// An iterator ends at the end and at a failure alike.
Result<void> SnapshotView::finished(const rocksdb::Iterator& entry) const {
  if (!entry.status().ok()) return to_error(entry.status(), "reading " + database_.GetName());
  return {};
}

Result<std::optional<StoredPassage>> SnapshotView::passage(const std::string& tenant, const PassageRef& ref,
                                                           const rocksdb::ReadOptions& options) const {
  rocksdb::PinnableSlice bytes;
  Result<Lookup> lookup = look_up(database_, key_of(tenant, Kind::header, ref.document_id), options, bytes);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::not_in_memory) return std::optional<StoredPassage>();
  if (*lookup == Lookup::absent) return no_such_document();
  Result<HeaderRecord> header = decode_header(bytes_in(bytes));
  if (!header) return header.error();
  if (ref.ordinal >= header->chunks) return fail(Errc::not_found, "no such passage");

  lookup = look_up(database_, passage_key(tenant, ref.document_id, ref.ordinal), options, bytes);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::not_in_memory) return std::optional<StoredPassage>();
  if (*lookup == Lookup::absent) return fail(Errc::internal, "a passage of a stored document is missing");
  const Result<PassageRecord> record = decode_passage(bytes_in(bytes));
  if (!record) return record.error();
  return std::optional(StoredPassage{std::move(header->title), std::move(header->source),
                                     std::move(header->metadata_json), std::string(record->heading),
                                     std::string(record->text), record->start, record->start + record->text.size()});
}

Result<Passages> SnapshotView::passages(const std::string& tenant, std::span<const PassageRef> refs,
                                        ReadFrom from) const {
  rocksdb::ReadOptions options = reading();
  if (from == ReadFrom::memory) options.read_tier = rocksdb::kBlockCacheTier;
  std::vector<StoredPassage> passages;
  passages.reserve(refs.size());
  for (const PassageRef& ref : refs) {
    Result<std::optional<StoredPassage>> read = passage(tenant, ref, options);
    if (!read) return read.error();
    if (!*read) return Passages();
    passages.push_back(**std::move(read));
  }
  return Passages(std::move(passages));
}

Result<bool> SnapshotView::holds(const std::string& tenant, const std::string& id) const {
  rocksdb::PinnableSlice header;
  const Result<Lookup> lookup = look_up(database_, key_of(tenant, Kind::header, id), reading(), header);
  if (!lookup) return lookup.error();
  return *lookup == Lookup::found;
}

Result<StoredDocument> SnapshotView::get(const std::string& tenant, const std::string& id) const {
  rocksdb::PinnableSlice header;
  const Result<Lookup> lookup = look_up(database_, key_of(tenant, Kind::header, id), reading(), header);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::absent) return no_such_document();
  return PassageReader(database_, reading()).document(tenant, id, bytes_in(header));
}

Result<DocumentPage> SnapshotView::list(const std::string& tenant, const std::string& after, std::size_t limit) const {
  limit = std::clamp<std::size_t>(limit, 1, kMaxListed);
  const std::string prefix = key_of(tenant, Kind::header);
  const std::unique_ptr<rocksdb::Iterator> entry(database_.NewIterator(reading()));
  DocumentPage page;
  // NUL is the smallest byte: nothing sorts between an id and the id followed by it.
  for (entry->Seek(after.empty() ? prefix : prefix + after + '\0');
       entry->Valid() && bytes_in(entry->key()).starts_with(prefix); entry->Next()) {
    if (page.documents.size() == limit) {
      page.next = page.documents.back().id;
      break;
    }
    Result<HeaderRecord> header = decode_header(bytes_in(entry->value()));
    if (!header) return header.error();
    page.documents.push_back(summary_of(bytes_in(entry->key()).substr(prefix.size()), *std::move(header)));
  }
  if (Result<void> whole = finished(*entry); !whole) return whole.error();
  return page;
}

Result<void> SnapshotView::for_each(const std::string& tenant,
                                    const std::function<Result<void>(StoredDocument)>& visit) const {
  const std::string prefix = key_of(tenant, Kind::header);
  const std::unique_ptr<rocksdb::Iterator> header(database_.NewIterator(scanning()));
  PassageReader passages(database_, scanning());
  for (header->Seek(prefix); header->Valid() && bytes_in(header->key()).starts_with(prefix); header->Next()) {
    const std::string_view id = bytes_in(header->key()).substr(prefix.size());
    Result<StoredDocument> stored = passages.document(tenant, id, bytes_in(header->value()));
    if (!stored) return stored.error();
    if (Result<void> visited = visit(*std::move(stored)); !visited) return visited;
  }
  return finished(*header);
}

Result<void> SnapshotView::for_each_index(
    const std::string& tenant, std::string_view prefix,
    const std::function<Result<void>(std::string_view name, std::string_view value)>& visit) const {
  const std::string all = key_of(tenant, Kind::index);
  const std::string wanted = all + std::string(prefix);
  const std::unique_ptr<rocksdb::Iterator> entry(database_.NewIterator(scanning()));
  for (entry->Seek(wanted); entry->Valid() && bytes_in(entry->key()).starts_with(wanted); entry->Next()) {
    const std::string_view name = bytes_in(entry->key()).substr(all.size());
    if (Result<void> visited = visit(name, bytes_in(entry->value())); !visited) return visited;
  }
  return finished(*entry);
}

}  // namespace

ViewPtr view_of(rocksdb::DB& database) {
  return std::make_shared<const SnapshotView>(database);
}

}  // namespace ragd::store
