// Documents in RocksDB, searched by an index in this process: the corpus of a ragd that stands alone.
//
// Thread-safe. Readers take what was published last and never wait for a writer; writers take turns on a thread of
// their own. It refuses everything until restore() has been called, and a write when too many wait.
#pragma once

#include "retrieval/catalogue.hpp"
#include "retrieval/corpus_writer.hpp"
#include "retrieval/embedding_queue.hpp"
#include "retrieval/passages.hpp"
#include "retrieval/query_embedder.hpp"
#include "retrieval/search.hpp"
#include "retrieval/write_turns.hpp"
#include "store/document_store.hpp"

#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval {

/// Of all tenants together.
struct CorpusSize {
  std::size_t documents = 0;
  std::size_t chunks = 0;
  std::size_t segments = 0;
  std::size_t index_bytes = 0;
  std::size_t embedded = 0;  ///< chunks with vectors
};

class EmbeddedCorpus final : public Retriever, public Documents {
 public:
  /// More writes than this at once are refused: Errc::overloaded.
  static constexpr std::size_t kMaxWrites = 16;

  /// `writer` works on the thread of `writer_pool`. All must outlive this. `queries` and `queue`: null where words
  /// alone are searched by.
  EmbeddedCorpus(store::DocumentStore& store, boost::asio::thread_pool& pool, boost::asio::thread_pool& writer_pool,
                 CorpusWriter& writer, PublishedCatalogue& published, RetrievalSettings settings,
                 QueryEmbedder* queries = nullptr, const EmbeddingQueue* queue = nullptr);

  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) override;
  [[nodiscard]] Result<VersionPtr> version(const std::string& tenant) const override;
  Task<Result<VersionPtr>> read_version(const RequestContext& context) override;
  [[nodiscard]] std::string settings_tag() const override;
  /// Asks the store, and has tended to what failed before.
  Task<Result<void>> ping() override;

  Task<Result<PutOutcome>> put(const RequestContext& context, std::vector<Document> batch) override;
  Task<Result<std::string>> erase(const RequestContext& context, std::string id) override;
  Task<Result<Document>> get(const RequestContext& context, std::string id) override;
  Task<Result<DocumentPage>> list(const RequestContext& context, std::string after, std::size_t limit) override;
  Task<Result<DocumentBatch>> scan(const RequestContext& context, std::string after, std::size_t limit) override;

  /// For gauges: adds up a few numbers a tenant, touches no document.
  [[nodiscard]] CorpusSize size() const;

 private:
  using CataloguePtr = PublishedCatalogue::Pointer;

  [[nodiscard]] Result<CataloguePtr> catalogue() const;
  [[nodiscard]] Search search_in(const CataloguePtr& catalogue, const std::string& tenant,
                                 const std::string& text) const;
  Task<Result<SharedVector>> vector_of(const RequestContext& context, const RetrievalQuery& query);
  [[nodiscard]] PassagePolicy policy_for(const RetrievalQuery& query) const;

  store::DocumentStore& store_;
  boost::asio::thread_pool& pool_;
  boost::asio::thread_pool& writer_pool_;
  CorpusWriter& writer_;
  PublishedCatalogue& published_;
  const RetrievalSettings settings_;
  QueryEmbedder* const queries_;
  const EmbeddingQueue* const queue_;
  WriteTurns turns_{kMaxWrites};
};

}  // namespace ragd::retrieval
