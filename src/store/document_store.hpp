// Documents, their passages, what is stored of the index, and corpus versions, in RocksDB. Every call but those that
// say so blocks: run it on a pool.
//
// Thread-safe for readers; writes come from one thread at a time, the corpus's writer, which is what makes compare,
// next_version and commit one consistent sequence. A commit of documents is synced to the WAL before it returns and
// carries the tenant's bumped version in the same batch. It refuses to open a store that is locked, unwritable, of a
// newer format, or damaged anywhere but in the torn tail of its last log. An older format is rewritten on opening,
// after a checkpoint of it was left beside the directory.
#pragma once

#include "store/corpus_state.hpp"
#include "store/view.hpp"
#include "store/write.hpp"

#include <ragd/error.hpp>
#include <ragd/retriever.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::store {

/// A document of a batch beside what is stored under its id.
enum class Difference : std::uint8_t { none, added, replaced };

class DocumentStore {
 public:
  /// Opens or creates `directory`. Errors carry a detail fit for the one line ragd prints before it exits.
  [[nodiscard]] static Result<std::unique_ptr<DocumentStore>> open(const std::string& directory);
  ~DocumentStore();
  DocumentStore(const DocumentStore&) = delete;
  DocumentStore& operator=(const DocumentStore&) = delete;

  /// By position in the batch. Equal means byte for byte, chunk for chunk.
  Result<std::vector<Difference>> compare(const std::string& tenant, std::span<const StoredDocument> batch);

  /// What version the tenant has after the next commit that bumps it.
  Result<std::string> next_version(const std::string& tenant);

  /// One atomic batch. With documents in it (put or erased), or told to, it bumps the version and is synced before this
  /// returns; index records alone leave the version and are synced by the next commit, before it writes anything. A
  /// full disk (Errc::storage_full) passes by itself; after any other failed write the store is read-only until it is
  /// opened again (Errc::unavailable). Erasing a document that is not there is no error, and bumps the version too.
  /// Chunks that overlap or leave their text are refused (Errc::internal).
  Result<void> commit(const Write& write);

  /// As of the last commit that returned. Never blocks.
  [[nodiscard]] ViewPtr view();

  /// A tenant nobody has written to has the version "<store-uuid>-0".
  Result<std::string> version(const std::string& tenant);

  /// Every tenant that has a version, with it.
  Result<std::vector<std::pair<std::string, std::string>>> versions();

  /// The version of a tenant nobody has written to.
  [[nodiscard]] std::string initial_version() const;

  /// A consistent copy of everything committed, in a directory that must not exist yet (Errc::unprocessable), and what
  /// it holds. Commits wait while the files are linked beside the store, not while they are copied to another file
  /// system or documents are counted.
  Result<std::vector<CorpusState>> checkpoint(const std::string& directory);

  /// Gives the closed store in `directory` a new uuid, and every tenant a version with it: nothing that was cached of
  /// the corpus it is a copy of holds for it. Of any format; an older one is rewritten by the next opening.
  [[nodiscard]] static Result<void> renew_identity(const std::string& directory);

  /// What opening left behind (torn tails of logs, a finished migration), one line each: for the log.
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
