// Documents in RocksDB, searched by an index in this process: the corpus of a ragd that stands alone.
//
// Thread-safe. Readers take an immutable snapshot and never wait for a writer; writers take turns on a thread of their
// own. A write is synced first, then published, then acknowledged: what was acknowledged is found by every later
// retrieve, and what failed to be written is found by none. It refuses everything until restore() has been called, a
// write when too many wait, and a tenant whose index fell behind its documents (no memory for it) until it is mended.
#pragma once

#include "base/published.hpp"
#include "retrieval/snapshot.hpp"
#include "retrieval/write_turns.hpp"
#include "store/document_store.hpp"

#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ragd::retrieval {

/// Of all tenants together.
struct CorpusSize {
  std::size_t documents = 0;
  std::size_t chunks = 0;
  std::size_t index_bytes = 0;
};

class EmbeddedCorpus : public Retriever, public Documents {
 public:
  /// More writes than this at once are refused: Errc::overloaded.
  static constexpr std::size_t kMaxWrites = 16;

  /// The store must outlive this, and this the pools' work. `writer` must have exactly one thread: nothing else keeps
  /// writes from overtaking each other between the store and the index.
  EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool, boost::asio::thread_pool& writer,
                 RetrievalSettings settings);

  /// Builds the index from the store. Blocks; call it once, before serving.
  Result<void> restore();

  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) override;
  [[nodiscard]] Result<VersionPtr> version(const std::string& tenant) const override;
  [[nodiscard]] std::string settings_tag() const override;
  /// Asks the store, and has indexes mended that fell behind.
  Task<Result<void>> ping() override;

  Task<Result<PutOutcome>> put(const RequestContext& context, std::vector<Document> batch) override;
  Task<Result<std::string>> erase(const RequestContext& context, std::string id) override;
  Task<Result<Document>> get(const RequestContext& context, std::string id) override;
  Task<Result<DocumentPage>> list(const RequestContext& context, std::string after, std::size_t limit) override;

  /// For gauges: adds up a few numbers a tenant, touches no document.
  [[nodiscard]] CorpusSize size() const;

 protected:
  /// The only step that may fail between the store's commit and the publication; tests make it.
  [[nodiscard]] virtual SnapshotPtr index(const Snapshot& current, std::string version,
                                          std::vector<DocumentPtr> documents,
                                          const std::vector<std::string>& erased) const;

 private:
  /// By tenant; null: the index fell behind the store.
  using Catalogue = std::map<std::string, SnapshotPtr, std::less<>>;
  using CataloguePtr = base::Published<Catalogue>::Pointer;

  [[nodiscard]] Result<SnapshotPtr> snapshot(const std::string& tenant) const;

  // On the writer thread alone:
  Result<PutOutcome> write(const std::string& tenant, std::vector<Document> batch);
  Result<std::string> remove(const std::string& tenant, const std::string& id);
  template <class Change>
  auto keep_true(const std::string& tenant, Change change) -> decltype(change());
  Result<SnapshotPtr> trusted_snapshot(const std::string& tenant);
  Result<SnapshotPtr> mend(const std::string& tenant);
  void mend_all();
  [[nodiscard]] CataloguePtr catalogue_with(const std::string& tenant, SnapshotPtr next) const;

  store::DocumentStore& store_;
  boost::asio::thread_pool& pool_;
  boost::asio::thread_pool& writer_;
  const RetrievalSettings settings_;
  const SnapshotPtr nothing_;             ///< what a tenant has that nobody has written to
  base::Published<Catalogue> catalogue_;  ///< after restore(), replaced by the writer thread alone
  WriteTurns turns_{kMaxWrites};
};

}  // namespace ragd::retrieval
