// Documents in RocksDB, searched by an index in this process: the corpus of a ragd that stands alone.
//
// Thread-safe. Readers take an immutable snapshot and never wait for a writer; writers take turns on the pool. A write
// is synced first, then published, then acknowledged: what was acknowledged is found by every later retrieve, and what
// failed to be written is found by none. It refuses everything until restore() has been called.
#pragma once

#include "base/published.hpp"
#include "retrieval/snapshot.hpp"
#include "store/document_store.hpp"

#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ragd::retrieval {

/// Of all tenants together.
struct CorpusSize {
  std::size_t documents = 0;
  std::size_t chunks = 0;
  std::size_t index_bytes = 0;
};

class EmbeddedCorpus final : public Retriever, public Documents {
 public:
  /// The store and the pool must outlive this and every call to it.
  EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool, RetrievalSettings settings);

  /// Builds the index from the store. Blocks; call it once, before serving.
  Result<void> restore();

  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) override;
  [[nodiscard]] Result<std::string> version(const std::string& tenant) const override;
  [[nodiscard]] std::string settings_tag() const override;
  Task<Result<void>> ping() override;

  Task<Result<PutOutcome>> put(const RequestContext& context, std::vector<Document> batch) override;
  Task<Result<std::string>> erase(const RequestContext& context, std::string id) override;
  Task<Result<Document>> get(const RequestContext& context, std::string id) override;
  Task<Result<DocumentPage>> list(const RequestContext& context, std::string after, std::size_t limit) override;

  /// For gauges: adds up a few numbers a tenant, touches no document.
  [[nodiscard]] CorpusSize size() const;

 private:
  using Catalogue = std::map<std::string, SnapshotPtr, std::less<>>;  ///< by tenant

  [[nodiscard]] Result<SnapshotPtr> snapshot(const std::string& tenant) const;
  Result<PutOutcome> write(const std::string& tenant, std::vector<Document> batch);
  Result<std::string> remove(const std::string& tenant, const std::string& id);
  void publish(const std::string& tenant, SnapshotPtr next);

  store::DocumentStore& store_;
  boost::asio::thread_pool& pool_;
  const RetrievalSettings settings_;
  const SnapshotPtr nothing_;  ///< what a tenant has that nobody has written to
  base::Published<Catalogue> catalogue_;
  std::mutex writing_;  ///< held on pool threads alone, from the store's write to the publication
};

}  // namespace ragd::retrieval
