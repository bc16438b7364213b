#include "store/document_store.hpp"

#include "base/ids.hpp"
#include "store/checkpoint.hpp"
#include "store/contents.hpp"
#include "store/document_changes.hpp"
#include "store/document_database.hpp"
#include "store/document_keys.hpp"
#include "store/log_check.hpp"
#include "store/migration.hpp"
#include "store/rocks.hpp"
#include "store/snapshot_view.hpp"
#include "store/synced_writer.hpp"

#include <rocksdb/snapshot.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>

namespace ragd::store {

namespace {

constexpr std::string_view kUnfinishedCheckpoint = ".unfinished-checkpoint";

using Versions = std::vector<std::pair<std::string, std::string>>;

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
  Result<void> commit(const Write& write);
  Result<Versions> versions();
  Result<std::vector<CorpusState>> checkpoint(const std::string& directory);
  Result<void> renew_identity();
  Result<void> ping();

  [[nodiscard]] rocksdb::DB& database() { return *database_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] std::string version_text(std::uint64_t counter) const { return uuid_ + "-" + std::to_string(counter); }

 private:
  Result<void> create();
  Result<void> bring_up_to_date(std::uint64_t format);
  Result<std::vector<CorpusState>> counted(const Result<Versions>& versions, const rocksdb::Snapshot* as_of);

  const std::string directory_;
  const std::unique_ptr<rocksdb::DB> database_;
  std::vector<std::string> notes_;  ///< complete before the store is handed out, as is the next
  std::string uuid_;
  std::mutex checkpointing_;  ///< before writing_
  std::mutex writing_;
  SyncedWriter writer_;  ///< under writing_
};

Result<void> DocumentStore::Impl::load_or_create(std::size_t logs) {
  std::error_code ignored;  // if it cannot be removed, it is only in the way of the next checkpoint
  std::filesystem::remove_all(beside(directory_, kUnfinishedCheckpoint), ignored);
  std::filesystem::remove_all(beside(directory_, kRestoring), ignored);  // of a restore that was killed
  const Result<std::optional<std::string>> stored = look_up(*database_, kFormatKey);
  if (!stored) return stored.error();
  if (!*stored) return create();
  // Opening always leaves a log behind, so a store without one has lost it, and documents with it.
  if (logs == 0) return fail(Errc::internal, "data directory " + directory_ + " is damaged: its *.log file is missing");
  const Result<std::uint64_t> format = parse_counter(**stored);
  if (!format) return format.error();
  Result<std::optional<std::string>> uuid = look_up(*database_, kUuidKey);
  if (!uuid) return uuid.error();
  if (!*uuid) return fail(Errc::internal, "data directory " + directory_ + " is damaged: its id is missing");
  uuid_ = **std::move(uuid);
  return bring_up_to_date(*format);
}

Result<void> DocumentStore::Impl::bring_up_to_date(std::uint64_t format) {
  if (format == kFormat) return {};
  if (format != 1) {
    return fail(Errc::internal, "data directory " + directory_ + " is of format " + std::to_string(format) +
                                    ", this ragd understands " + std::to_string(kFormat));
  }
  Result<std::string> note = migrate_from_format_1(*database_, writer_, directory_);
  if (!note) return note.error();
  notes_.push_back(*std::move(note));
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

Result<void> DocumentStore::Impl::commit(const Write& write) {
  const std::lock_guard lock(writing_);
  const Result<Change> change = changes_of(*database_, write);
  if (!change) return change.error();
  if (change->empty()) return {};
  return writer_.commit(*change, write.bumps_version() ? Sync::now : Sync::later);
}

Result<Versions> DocumentStore::Impl::versions() {
  Versions versions;
  const std::unique_ptr<rocksdb::Iterator> entry(database_->NewIterator({}));
  for (entry->Seek(key_after("")); entry->Valid();) {
    std::string tenant(tenant_of(bytes_in(entry->key())));
    entry->Seek(key_of(tenant, Kind::version));
    if (entry->Valid() && bytes_in(entry->key()) == key_of(tenant, Kind::version)) {
      const Result<std::uint64_t> current = parse_counter(bytes_in(entry->value()));
      if (!current) return current.error();
      versions.emplace_back(tenant, version_text(*current));
    }
    entry->Seek(key_after(tenant));
  }
  if (!entry->status().ok()) return to_error(entry->status(), "reading versions");
  return versions;
}

// Made beside the store first, where its files can be linked: to another file system they are copied from there.
Result<std::vector<CorpusState>> DocumentStore::Impl::checkpoint(const std::string& directory) {
  const std::lock_guard one_at_a_time(checkpointing_);
  std::error_code error;
  if (std::filesystem::exists(directory, error) || error) {
    return fail(Errc::unprocessable, "checkpoint directory " + directory + " " +
                                         (error ? "cannot be looked at: " + error.message() : "is there already"));
  }
  const std::string unfinished = beside(directory_, kUnfinishedCheckpoint);
  std::filesystem::remove_all(unfinished, error);
  std::unique_ptr<rocksdb::ManagedSnapshot> as_of;
  Result<Versions> versions = fail(Errc::internal);
  {
    const std::lock_guard lock(writing_);
    if (Result<void> made = make_checkpoint(*database_, writer_, unfinished); !made) return made.error();
    as_of = std::make_unique<rocksdb::ManagedSnapshot>(database_.get());
    versions = this->versions();
  }
  if (Result<void> moved = move_directory(unfinished, directory); !moved) {
    std::filesystem::remove_all(unfinished, error);
    return moved.error();
  }
  return counted(versions, as_of->snapshot());
}

Result<std::vector<CorpusState>> DocumentStore::Impl::counted(const Result<Versions>& versions,
                                                              const rocksdb::Snapshot* as_of) {
  if (!versions) return versions.error();
  std::vector<CorpusState> corpora;
  for (const auto& [tenant, version] : *versions) {
    const Result<std::uint64_t> documents = count_documents(*database_, as_of, tenant);
    if (!documents) return documents.error();
    corpora.push_back({tenant, version, *documents});
  }
  return corpora;
}

Result<void> DocumentStore::Impl::renew_identity() {
  const Result<std::optional<std::string>> stored = look_up(*database_, kFormatKey);
  if (!stored) return stored.error();
  if (!*stored) return fail(Errc::internal, directory_ + " holds no documents");
  Result<void> renewed = writer_.commit({{std::string(kUuidKey), base::uuid_v4()}});
  if (!renewed) return renewed;
  const rocksdb::Status status = database_->Flush({});
  if (!status.ok()) return to_error(status, "renewing " + directory_);
  return {};
}

Result<void> DocumentStore::Impl::ping() {
  if (writer_.failed()) return fail(Errc::unavailable, "the document store is read-only after a failed write");
  const Result<std::optional<std::string>> format = look_up(*database_, kFormatKey);
  if (!format) return fail(Errc::unavailable, format.error().detail);
  return {};
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

Result<std::vector<Difference>> DocumentStore::compare(const std::string& tenant,
                                                       std::span<const StoredDocument> batch) {
  std::vector<Difference> differences;
  differences.reserve(batch.size());
  for (const StoredDocument& given : batch) {
    const Result<Difference> found = difference_of(impl_->database(), tenant, given);
    if (!found) return found.error();
    differences.push_back(*found);
  }
  return differences;
}

Result<std::string> DocumentStore::next_version(const std::string& tenant) {
  const Result<std::uint64_t> counter = counter_of(impl_->database(), tenant);
  if (!counter) return counter.error();
  return impl_->version_text(*counter + 1);
}

Result<void> DocumentStore::commit(const Write& write) {
  return impl_->commit(write);
}

ViewPtr DocumentStore::view() {
  return view_of(impl_->database());
}

Result<std::string> DocumentStore::version(const std::string& tenant) {
  const Result<std::uint64_t> counter = counter_of(impl_->database(), tenant);
  if (!counter) return counter.error();
  return impl_->version_text(*counter);
}

Result<Versions> DocumentStore::versions() {
  return impl_->versions();
}

std::string DocumentStore::initial_version() const {
  return impl_->version_text(0);
}

Result<std::vector<CorpusState>> DocumentStore::checkpoint(const std::string& directory) {
  return impl_->checkpoint(directory);
}

Result<void> DocumentStore::renew_identity(const std::string& directory) {
  Result<std::unique_ptr<rocksdb::DB>> database = open_database(document_options(), directory);
  if (!database) return database.error();
  return Impl(directory, *std::move(database), {}).renew_identity();
}

const std::vector<std::string>& DocumentStore::recovery_notes() const {
  return impl_->notes();
}

Result<void> DocumentStore::ping() {
  return impl_->ping();
}

std::vector<std::pair<std::string, double>> DocumentStore::statistics() {
  return numbers_of(impl_->database());
}

}  // namespace ragd::store
