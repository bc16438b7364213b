// Documents and corpus versions in RocksDB. Every call blocks: run it on the pool.
//
// Thread-safe: writes are serialised inside, reads go on beside them. A write is synced to the WAL before it returns
// and carries the tenant's bumped version in the same batch. It refuses to open a store that is locked, unwritable,
// of a newer format, or damaged anywhere but in the torn tail of its last log.
#pragma once

#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ragd::store {

/// Where a chunk lies in its document's text, as the chunker decided when the document was written.
struct ChunkSpan {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string heading;
};

struct StoredDocument {
  Document document;
  std::vector<ChunkSpan> chunks;
};

struct WriteReceipt {
  std::vector<bool> changed;  ///< per document of the batch
  std::string version;        ///< of the tenant after the write
};

class DocumentStore {
 public:
  /// Opens or creates `directory`. Errors carry a detail fit for the one line ragd prints before it exits.
  [[nodiscard]] static Result<std::unique_ptr<DocumentStore>> open(const std::string& directory);
  ~DocumentStore();
  DocumentStore(const DocumentStore&) = delete;
  DocumentStore& operator=(const DocumentStore&) = delete;

  /// One atomic, synced batch. Documents already stored byte for byte are left alone; if all are, nothing is written
  /// and the version stays. A full disk (Errc::storage_full) passes by itself; after any other failed write the store
  /// is read-only until it is opened again (Errc::unavailable).
  Result<WriteReceipt> put(const std::string& tenant, const std::vector<StoredDocument>& batch);

  /// Errc::not_found when there is none; otherwise the version after the delete.
  Result<std::string> erase(const std::string& tenant, const std::string& id);

  Result<StoredDocument> get(const std::string& tenant, const std::string& id);

  Result<DocumentPage> list(const std::string& tenant, const std::string& after, std::size_t limit);

  /// A tenant nobody has written to has the version "<store-uuid>-0".
  Result<std::string> version(const std::string& tenant);

  /// Every document of every tenant, in key order. Stops at the first failure of `visit` or of a read.
  Result<void> for_each(const std::function<Result<void>(const std::string& tenant, StoredDocument)>& visit);

  /// Every tenant that has a version, with it.
  Result<std::vector<std::pair<std::string, std::string>>> versions();

  /// The version of a tenant nobody has written to.
  [[nodiscard]] std::string initial_version() const;

  /// What opening left behind (torn tails of logs), one line each: for the log.
  [[nodiscard]] const std::vector<std::string>& recovery_notes() const;

  /// A small read; Errc::unavailable when the store has failed.
  Result<void> ping();

  /// RocksDB's own numbers by the names of metrics.md (block_cache_bytes, memtable_bytes, sst_bytes, ...).
  [[nodiscard]] std::vector<std::pair<std::string, double>> statistics();

 private:
  class Impl;
  explicit DocumentStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ragd::store
