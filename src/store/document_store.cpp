#include "store/document_store.hpp"

#include "base/ids.hpp"
#include "store/document_keys.hpp"
#include "store/log_check.hpp"
#include "store/record.hpp"
#include "store/rocks.hpp"
#include "store/stall_statistics.hpp"
#include "store/synced_writer.hpp"

#include <rocksdb/snapshot.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>

namespace ragd::store {

namespace {

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kMaxListed = 1000;

using Iterator = std::unique_ptr<rocksdb::Iterator>;
using Versions = std::vector<std::pair<std::string, std::string>>;
using Visitor = std::function<Result<void>(const std::string& tenant, StoredDocument)>;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

rocksdb::Options document_options() {
  rocksdb::Options options = bounded_options();
  // The default mode recovers to the last readable record anywhere, dropping acknowledged ones behind it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.statistics = std::make_shared<StallStatistics>();
  return options;
}

rocksdb::ReadOptions scanning(rocksdb::ManagedSnapshot& snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  options.fill_cache = false;  // one pass over everything would only push out what is asked for often
  return options;
}

std::string counter_bytes(std::uint64_t value) {
  std::string bytes;
  put_varint(bytes, value);
  return bytes;
}

Result<std::uint64_t> parse_counter(std::string_view bytes) {
  std::uint64_t value = 0;
  if (!get_varint(bytes, value) || !bytes.empty()) return fail(Errc::internal, "a stored number is damaged");
  return value;
}

DocumentSummary summary_of(std::string_view id, HeaderRecord header) {
  return {std::string(id),   std::move(header.title), std::move(header.source), std::move(header.metadata_json),
          header.text_bytes, header.chunks.size()};
}

std::vector<std::string> notes_on(const LogCheck& check) {
  std::vector<std::string> notes;
  for (const TornLog& torn : check.torn) {
    notes.push_back("log " + torn.file + " has " + std::to_string(torn.scan.torn_bytes) +
                    " unreadable bytes behind byte " + std::to_string(torn.scan.whole_bytes));
  }
  return notes;
}

}  // namespace

class DocumentStore::Impl {
 public:
  Impl(std::string directory, std::unique_ptr<rocksdb::DB> database, std::vector<std::string> notes)
      : directory_(std::move(directory)),
        database_(std::move(database)),
        notes_(std::move(notes)),
        writer_(*database_, std::string(kNudgeKey)) {}

  Result<void> load_or_create(std::size_t logs);
  Result<WriteReceipt> put(const std::string& tenant, const std::vector<StoredDocument>& batch);
  Result<std::string> erase(const std::string& tenant, const std::string& id);
  Result<StoredDocument> get(const std::string& tenant, const std::string& id);
  Result<DocumentPage> list(const std::string& tenant, const std::string& after, std::size_t limit);
  Result<std::uint64_t> counter(const std::string& tenant);
  Result<void> for_each(const Visitor& visit);
  Result<Versions> versions();
  Result<void> ping();
  std::vector<std::pair<std::string, double>> statistics();

  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] std::string version_text(std::uint64_t counter) const { return uuid_ + "-" + std::to_string(counter); }

 private:
  Result<void> create();
  Result<std::optional<std::string>> read(std::string_view key, const rocksdb::ReadOptions& options = {});
  Result<bool> holds(const std::string& header_key, std::string_view header);
  Result<std::string> commit(const std::string& tenant, Change change);
  Result<void> visit_tenant(const std::string& tenant, rocksdb::Iterator& headers, rocksdb::Iterator& texts,
                            const Visitor& visit);

  const std::string directory_;
  const std::unique_ptr<rocksdb::DB> database_;
  const std::vector<std::string> notes_;
  std::string uuid_;  ///< set before the store is handed out
  std::mutex writing_;
  SyncedWriter writer_;  ///< under writing_
};

Result<std::optional<std::string>> DocumentStore::Impl::read(std::string_view key,
                                                             const rocksdb::ReadOptions& options) {
  std::string value;
  const rocksdb::Status status = database_->Get(options, key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return to_error(status, "reading documents");
  return std::optional(std::move(value));
}

Result<void> DocumentStore::Impl::load_or_create(std::size_t logs) {
  const Result<std::optional<std::string>> stored = read(kFormatKey);
  if (!stored) return stored.error();
  if (!*stored) return create();
  // Opening always leaves a log behind, so a store without one has lost it, and documents with it.
  if (logs == 0) return fail(Errc::internal, "data directory " + directory_ + " is damaged: its *.log file is missing");
  const Result<std::uint64_t> format = parse_counter(**stored);
  if (!format) return format.error();
  if (*format > kFormat) {
    return fail(Errc::internal, "data directory " + directory_ + " is of format " + std::to_string(*format) +
                                    ", this ragd understands " + std::to_string(kFormat));
  }
  Result<std::optional<std::string>> uuid = read(kUuidKey);
  if (!uuid) return uuid.error();
  if (!*uuid) return fail(Errc::internal, "data directory " + directory_ + " is damaged: its id is missing");
  uuid_ = **std::move(uuid);
  return {};
}

Result<void> DocumentStore::Impl::create() {
  uuid_ = base::uuid_v4();
  Result<void> created =
      writer_.commit({{std::string(kFormatKey), counter_bytes(kFormat)}, {std::string(kUuidKey), uuid_}});
  if (!created) return created;
  // Out of the log, so that losing the log does not make the store look new.
  const rocksdb::Status status = database_->Flush({});
  if (!status.ok()) return to_error(status, "creating data directory " + directory_);
  return {};
}

Result<std::uint64_t> DocumentStore::Impl::counter(const std::string& tenant) {
  const Result<std::optional<std::string>> stored = read(key_of(tenant, Kind::version));
  if (!stored) return stored.error();
  if (!*stored) return std::uint64_t{0};
  return parse_counter(**stored);
}

Result<bool> DocumentStore::Impl::holds(const std::string& header_key, std::string_view header) {
  const Result<std::optional<std::string>> stored = read(header_key);
  if (!stored) return stored.error();
  if (!*stored) return false;
  const Result<ContentHash> there = decode_hash(**stored);
  if (!there) return there.error();
  const Result<ContentHash> given = decode_hash(header);
  return given && *there == *given;
}

Result<std::string> DocumentStore::Impl::commit(const std::string& tenant, Change change) {
  const Result<std::uint64_t> current = counter(tenant);
  if (!current) return current.error();
  change[key_of(tenant, Kind::version)] = counter_bytes(*current + 1);
  const Result<void> written = writer_.commit(change);
  if (!written) return written.error();
  return version_text(*current + 1);
}

Result<WriteReceipt> DocumentStore::Impl::put(const std::string& tenant, const std::vector<StoredDocument>& batch) {
  const std::lock_guard lock(writing_);
  WriteReceipt receipt;
  Change change;
  for (const StoredDocument& stored : batch) {
    const std::string header_key = key_of(tenant, Kind::header, stored.document.id);
    std::string header = encode_header(stored);
    const Result<bool> unchanged = holds(header_key, header);
    if (!unchanged) return unchanged.error();
    receipt.changed.push_back(!*unchanged);
    if (*unchanged) continue;
    change[header_key] = std::move(header);
    change[key_of(tenant, Kind::text, stored.document.id)] = stored.document.text;
  }
  if (change.empty()) {
    const Result<std::uint64_t> current = counter(tenant);
    if (!current) return current.error();
    receipt.version = version_text(*current);
    return receipt;
  }
  Result<std::string> version = commit(tenant, std::move(change));
  if (!version) return version.error();
  receipt.version = *std::move(version);
  return receipt;
}

Result<std::string> DocumentStore::Impl::erase(const std::string& tenant, const std::string& id) {
  const std::lock_guard lock(writing_);
  const std::string header_key = key_of(tenant, Kind::header, id);
  const Result<std::optional<std::string>> stored = read(header_key);
  if (!stored) return stored.error();
  if (!*stored) return fail(Errc::not_found, "no such document");
  return commit(tenant, {{header_key, std::nullopt}, {key_of(tenant, Kind::text, id), std::nullopt}});
}

Result<StoredDocument> DocumentStore::Impl::get(const std::string& tenant, const std::string& id) {
  rocksdb::ManagedSnapshot snapshot(database_.get());  // both records of one write
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const Result<std::optional<std::string>> header_bytes = read(key_of(tenant, Kind::header, id), options);
  if (!header_bytes) return header_bytes.error();
  if (!*header_bytes) return fail(Errc::not_found, "no such document");
  Result<HeaderRecord> header = decode_header(**header_bytes);
  if (!header) return header.error();
  Result<std::optional<std::string>> text = read(key_of(tenant, Kind::text, id), options);
  if (!text) return text.error();
  return join(id, *std::move(header), std::move(*text).value_or(""));
}

Result<DocumentPage> DocumentStore::Impl::list(const std::string& tenant, const std::string& after, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxListed);
  const std::string prefix = key_of(tenant, Kind::header);
  const Iterator entry(database_->NewIterator({}));
  // NUL is the smallest byte: nothing sorts between an id and the id followed by it.
  entry->Seek(after.empty() ? prefix : prefix + after + '\0');
  DocumentPage page;
  for (; entry->Valid() && view(entry->key()).starts_with(prefix); entry->Next()) {
    if (page.documents.size() == limit) {
      page.next = page.documents.back().id;
      break;
    }
    Result<HeaderRecord> header = decode_header(view(entry->value()));
    if (!header) return header.error();
    page.documents.push_back(summary_of(view(entry->key()).substr(prefix.size()), *std::move(header)));
  }
  if (!entry->status().ok()) return to_error(entry->status(), "listing documents");
  return page;
}

Result<void> DocumentStore::Impl::visit_tenant(const std::string& tenant, rocksdb::Iterator& headers,
                                               rocksdb::Iterator& texts, const Visitor& visit) {
  const std::string prefix = key_of(tenant, Kind::header);
  texts.Seek(key_of(tenant, Kind::text));
  for (headers.Seek(prefix); headers.Valid() && view(headers.key()).starts_with(prefix); headers.Next()) {
    const std::string id(view(headers.key()).substr(prefix.size()));
    if (!texts.Valid() || view(texts.key()) != key_of(tenant, Kind::text, id)) {
      return texts.status().ok() ? fail(Errc::internal, "the text of a stored document is missing")
                                 : to_error(texts.status(), "reading documents");
    }
    Result<HeaderRecord> header = decode_header(view(headers.value()));
    if (!header) return header.error();
    Result<StoredDocument> stored = join(id, *std::move(header), texts.value().ToString());
    if (!stored) return stored.error();
    if (Result<void> visited = visit(tenant, *std::move(stored)); !visited) return visited;
    texts.Next();
  }
  return {};
}

Result<void> DocumentStore::Impl::for_each(const Visitor& visit) {
  rocksdb::ManagedSnapshot snapshot(database_.get());
  const Iterator headers(database_->NewIterator(scanning(snapshot)));
  const Iterator texts(database_->NewIterator(scanning(snapshot)));
  for (headers->Seek(key_after("")); headers->Valid();) {
    const std::string tenant(tenant_of(view(headers->key())));
    if (Result<void> visited = visit_tenant(tenant, *headers, *texts, visit); !visited) return visited;
    if (headers->Valid()) headers->Seek(key_after(tenant));
  }
  if (!headers->status().ok()) return to_error(headers->status(), "reading documents");
  return {};
}

Result<Versions> DocumentStore::Impl::versions() {
  Versions versions;
  const Iterator entry(database_->NewIterator({}));
  for (entry->Seek(key_after("")); entry->Valid(); entry->Seek(key_after(versions.back().first))) {
    std::string tenant(tenant_of(view(entry->key())));
    const Result<std::uint64_t> current = counter(tenant);
    if (!current) return current.error();
    versions.emplace_back(std::move(tenant), version_text(*current));
  }
  if (!entry->status().ok()) return to_error(entry->status(), "reading versions");
  return versions;
}

Result<void> DocumentStore::Impl::ping() {
  if (writer_.failed()) return fail(Errc::unavailable, "the document store is read-only after a failed write");
  const Result<std::optional<std::string>> format = read(kFormatKey);
  if (!format) return fail(Errc::unavailable, format.error().detail);
  return {};
}

std::vector<std::pair<std::string, double>> DocumentStore::Impl::statistics() {
  using Properties = rocksdb::DB::Properties;
  const auto property = [this](const std::string& name) {
    std::uint64_t value = 0;
    database_->GetIntProperty(name, &value);
    return static_cast<double>(value);
  };
  std::string level_zero_files;
  database_->GetProperty(Properties::kNumFilesAtLevelPrefix + "0", &level_zero_files);
  const auto stalled_us = database_->GetDBOptions().statistics->getTickerCount(rocksdb::STALL_MICROS);
  return {{"block_cache_bytes", property(Properties::kBlockCacheUsage)},
          {"memtable_bytes", property(Properties::kCurSizeAllMemTables)},
          {"sst_bytes", property(Properties::kTotalSstFilesSize)},
          {"pending_compaction_bytes", property(Properties::kEstimatePendingCompactionBytes)},
          {"stall_seconds_total", static_cast<double>(stalled_us) / 1e6},
          {"l0_files", std::strtod(level_zero_files.c_str(), nullptr)}};
}

Result<std::unique_ptr<DocumentStore>> DocumentStore::open(const std::string& directory) {
  const Result<LogCheck> check = check_logs(directory);
  if (!check) return check.error();
  Result<std::unique_ptr<rocksdb::DB>> database = open_database(document_options(), directory);
  if (!database) {
    Error error = database.error();
    for (const std::string& note : notes_on(*check)) error.detail += "; " + note;
    return error;
  }
  auto impl = std::make_unique<Impl>(directory, *std::move(database), notes_on(*check));
  const Result<void> loaded = impl->load_or_create(check->logs);
  if (!loaded) return loaded.error();
  return std::unique_ptr<DocumentStore>(new DocumentStore(std::move(impl)));
}

DocumentStore::DocumentStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DocumentStore::~DocumentStore() = default;

Result<WriteReceipt> DocumentStore::put(const std::string& tenant, const std::vector<StoredDocument>& batch) {
  return impl_->put(tenant, batch);
}

Result<std::string> DocumentStore::erase(const std::string& tenant, const std::string& id) {
  return impl_->erase(tenant, id);
}

Result<StoredDocument> DocumentStore::get(const std::string& tenant, const std::string& id) {
  return impl_->get(tenant, id);
}

Result<DocumentPage> DocumentStore::list(const std::string& tenant, const std::string& after, std::size_t limit) {
  return impl_->list(tenant, after, limit);
}

Result<std::string> DocumentStore::version(const std::string& tenant) {
  const Result<std::uint64_t> counter = impl_->counter(tenant);
  if (!counter) return counter.error();
  return impl_->version_text(*counter);
}

Result<void> DocumentStore::for_each(const Visitor& visit) {
  return impl_->for_each(visit);
}

Result<Versions> DocumentStore::versions() {
  return impl_->versions();
}

Result<void> DocumentStore::ping() {
  return impl_->ping();
}

std::vector<std::pair<std::string, double>> DocumentStore::statistics() {
  return impl_->statistics();
}

std::string DocumentStore::initial_version() const {
  return impl_->version_text(0);
}

const std::vector<std::string>& DocumentStore::recovery_notes() const {
  return impl_->notes();
}

}  // namespace ragd::store
