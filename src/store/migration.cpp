#include "store/migration.hpp"

#include "store/checkpoint.hpp"
#include "store/document_keys.hpp"
#include "store/record.hpp"
#include "store/record_bytes.hpp"
#include "store/rocks.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ragd::store {

namespace {

constexpr char kOldHeaderFormat = 1;
constexpr std::size_t kOldPrelude = 1 + 16;  // format byte and content hash
// start, length and an empty heading take a byte each: no honest record has more chunks than a third of its bytes.
constexpr std::size_t kMinChunkBytes = 3;
/// Small enough for one write, large enough to make few.
constexpr std::size_t kBatchBytes = 1 << 20;

bool get_chunks(std::string_view& bytes, std::vector<ChunkSpan>& chunks) {
  std::uint64_t count = 0;
  if (!get_varint(bytes, count) || count > bytes.size() / kMinChunkBytes) return false;
  chunks.resize(count);
  for (ChunkSpan& chunk : chunks) {
    std::uint64_t length = 0;
    if (!get_varint(bytes, chunk.start) || !get_varint(bytes, length) || !get_string(bytes, chunk.heading))
      return false;
    chunk.end = chunk.start + length;
  }
  return true;
}

/// Layout of an old header: format byte, hash, text length, title, source, metadata, chunk count, {start, length,
/// heading}...
Result<StoredDocument> decode_old(std::string_view id, std::string_view header, std::string text) {
  StoredDocument stored;
  Document& document = stored.document;
  std::uint64_t text_bytes = 0;
  header.remove_prefix(std::min(header.size(), kOldPrelude));
  const bool whole = get_varint(header, text_bytes) && get_string(header, document.title) &&
                     get_string(header, document.source) && get_string(header, document.metadata_json) &&
                     get_chunks(header, stored.chunks) && header.empty() && text_bytes == text.size();
  document.id = id;
  document.text = std::move(text);
  if (!whole || !is_well_cut(stored)) {
    return fail(Errc::internal, "a document of format 1 is damaged: " + document.id);
  }
  return stored;
}

/// What is rewritten together.
class Batch {
 public:
  explicit Batch(SyncedWriter& writer) : writer_(writer) {}

  Result<void> rewrite(std::string_view tenant, const StoredDocument& stored) {
    const std::string& id = stored.document.id;
    change_[key_of(tenant, Kind::header, id)] = encode_header(stored);
    for (std::uint32_t ordinal = 0; ordinal < stored.chunks.size(); ++ordinal) {
      change_[passage_key(tenant, id, ordinal)] = encode_passage(stored, ordinal);
    }
    change_[key_of(tenant, Kind::text, id)] = std::nullopt;
    bytes_ += stored.document.text.size();
    return bytes_ < kBatchBytes ? Result<void>() : commit();
  }

  Result<void> commit() {
    bytes_ = 0;
    const Change change = std::exchange(change_, {});
    return change.empty() ? Result<void>() : writer_.commit(change);
  }

 private:
  SyncedWriter& writer_;
  Change change_;
  std::size_t bytes_ = 0;
};

/// From where `header` is to the end of the tenant's headers.
Result<void> rewrite_tenant(rocksdb::DB& database, const std::string& tenant, rocksdb::Iterator& header, Batch& batch) {
  const std::string prefix = key_of(tenant, Kind::header);
  for (header.Seek(prefix); header.Valid() && bytes_in(header.key()).starts_with(prefix); header.Next()) {
    if (!bytes_in(header.value()).starts_with(kOldHeaderFormat)) continue;  // done before it was cut off
    const std::string_view id = bytes_in(header.key()).substr(prefix.size());
    Result<std::optional<std::string>> text = look_up(database, key_of(tenant, Kind::text, id));
    if (!text) return text.error();
    Result<StoredDocument> stored = decode_old(id, bytes_in(header.value()), std::move(*text).value_or(""));
    if (!stored) return stored.error();
    if (Result<void> rewritten = batch.rewrite(tenant, *stored); !rewritten) return rewritten;
  }
  return {};
}

Result<void> rewrite_all(rocksdb::DB& database, SyncedWriter& writer) {
  Batch batch(writer);
  const std::unique_ptr<rocksdb::Iterator> entry(database.NewIterator({}));
  for (entry->Seek(key_after("")); entry->Valid();) {
    const std::string tenant(tenant_of(bytes_in(entry->key())));
    if (Result<void> rewritten = rewrite_tenant(database, tenant, *entry, batch); !rewritten) return rewritten;
    if (entry->Valid()) entry->Seek(key_after(tenant));
  }
  if (!entry->status().ok()) return to_error(entry->status(), "reading " + database.GetName());
  return batch.commit();
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// The copy is whole before the store says that a migration is under way, and has its name before anything else is
/// written. So a copy that is not ours, of another day, is never replaced and never taken for this one.
Result<void> keep_old(rocksdb::DB& database, SyncedWriter& writer, const std::string& kept) {
  const std::string unfinished = kept + ".unfinished";
  const Result<std::optional<std::string>> begun = look_up(database, kMigrationKey);
  if (!begun) return begun.error();
  if (!*begun) {
    if (exists(kept + "/CURRENT")) {
      return fail(Errc::internal, kept + " is in the way, with a store in it: move it");
    }
    std::error_code ignored;
    std::filesystem::remove_all(kept, ignored);
    std::filesystem::remove_all(unfinished, ignored);
    if (Result<void> made = make_checkpoint(database, writer, unfinished); !made) return made;
    if (Result<void> said = writer.commit({{std::string(kMigrationKey), std::string()}}); !said) return said;
  }
  return exists(unfinished) ? move_directory(unfinished, kept) : Result<void>();
}

Result<void> migrate(rocksdb::DB& database, SyncedWriter& writer, const std::string& kept) {
  if (Result<void> done = keep_old(database, writer, kept); !done) return done;
  if (Result<void> done = rewrite_all(database, writer); !done) return done;
  std::string format;
  put_varint(format, kFormat);
  return writer.commit({{std::string(kFormatKey), format}, {std::string(kMigrationKey), std::nullopt}});
}

}  // namespace

Result<std::string> migrate_from_format_1(rocksdb::DB& database, SyncedWriter& writer, const std::string& directory) {
  const std::string kept = beside(directory, ".format-1");
  if (const Result<void> done = migrate(database, writer, kept); !done) {
    Error error = done.error();
    error.detail = "data directory " + directory + " is of format 1 and cannot be rewritten: " + error.detail;
    return error;
  }
  return "documents rewritten from format 1 to 2; as they were they lie in " + kept + ", which may be removed";
}

}  // namespace ragd::store
