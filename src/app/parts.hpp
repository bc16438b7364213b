// All parts of a server, in the order in which they need each other: the composition root. Every backend is chosen
// here, once.
//
// Construction opens and restores, and blocks; destruction is the reverse. Nothing listens yet: that is app/server.
#pragma once

#include "api/readiness.hpp"
#include "api/router.hpp"
#include "api/routes.hpp"
#include "app/embedding.hpp"
#include "base/published.hpp"
#include "cache/rocks_response_cache.hpp"
#include "llm/extractive.hpp"
#include "net/io_threads.hpp"
#include "obs/metrics.hpp"
#include "rag/permits.hpp"
#include "rag/pipeline.hpp"
#include "retrieval/embedded_corpus.hpp"
#include "retrieval/pgvector/corpus.hpp"
#include "retrieval/pgvector/database.hpp"
#include "retrieval/store_snapshots.hpp"
#include "store/document_store.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace ragd::app {

/// What the last reload came to; the start counts as one that went well.
struct ReloadStatus {
  std::atomic<bool> successful{true};
  std::atomic<std::int64_t> success_time_s{0};
};

class Parts {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Parts>> make(const Settings& settings);
  ~Parts();
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  /// Hands a new policy to every core's gate.
  void publish_policy(const api::GatePolicyPtr& policy);
  /// As far as is known without asking anyone.
  [[nodiscard]] std::uint64_t document_count() const {
    return shared_corpus ? shared_corpus->counts().documents : corpus->size().documents;
  }

  SystemClock clock;
  obs::Metrics metrics;
  api::Readiness readiness;
  ReloadStatus reload;
  net::IoThreads threads;
  boost::asio::thread_pool pool;         ///< documents: reads, big JSON, the scrape
  boost::asio::thread_pool cache_pool;   ///< answers wait for their cache entry, and should not wait for an ingest too
  boost::asio::thread_pool ingest_pool;  ///< one thread, so writes take turns, and nothing else waits for one
  boost::asio::thread_pool merge_pool;   ///< large merges of the index, behind the writes
  std::unique_ptr<store::DocumentStore> store;  ///< null, as what else is of the embedded backend, with another one
  retrieval::PublishedCatalogue catalogue;
  std::unique_ptr<Embedding> embedding;  ///< null: retrieval goes by words alone
  std::unique_ptr<retrieval::CorpusWriter> corpus_writer;
  std::unique_ptr<retrieval::EmbeddedCorpus> corpus;
  std::unique_ptr<retrieval::StoreSnapshots> snapshots;
  std::unique_ptr<retrieval::pgvector::Database> database;  ///< both null with another backend
  std::unique_ptr<retrieval::pgvector::PgvectorCorpus> shared_corpus;
  Retriever* retriever = nullptr;  ///< the backend's two faces
  Documents* documents = nullptr;
  llm::ExtractiveAnswerer llm;
  std::unique_ptr<cache::RocksResponseCache> cache;
  rag::Permits permits;
  std::unique_ptr<rag::Pipeline> pipeline;
  std::unique_ptr<api::Endpoints> endpoints;
  base::Published<api::GatePolicy> policy;
  std::vector<std::unique_ptr<api::Router>> routers;  ///< one a core

 private:
  explicit Parts(const Settings& settings);
  Result<void> open(const Settings& settings);
  Result<void> open_embedded(const Settings& settings);
  void open_corpus(const RetrievalSettings& settings);
  Result<void> open_pgvector(const RetrievalSettings& settings);
  [[nodiscard]] std::vector<boost::asio::io_context*> cores();
};

}  // namespace ragd::app
