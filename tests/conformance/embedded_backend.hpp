// The embedded corpus in the conformance suite: a folder, and RocksDB in it, which one process has at a time.
#pragma once

#include "conformance/backend.hpp"
#include "fakes/temporary_folder.hpp"
#include "retrieval/embedded_corpus.hpp"
#include "retrieval/embedded_queue.hpp"
#include "retrieval/embedding_texts.hpp"

namespace ragd::conformance {

class EmbeddedReplica final : public Replica {
 public:
  EmbeddedReplica(const std::string& folder, const Opening& opening)
      : store_(store::DocumentStore::open(folder).value()),
        writer_(*store_, writer_pool_, merge_pool_, published_,
                opening.embedder == nullptr ? 0 : retrieval::vectors_tag(opening.embedder->tag())) {
    if (opening.embedder != nullptr) {
      queries_ = std::make_unique<retrieval::QueryEmbedder>(*opening.embedder, metrics_, clock_,
                                                            retrieval::QueryEmbedderSettings{});
      queue_ = std::make_unique<retrieval::EmbeddedQueue>(*opening.embedder, writer_, published_, pool_, writer_pool_);
    }
    corpus_ = std::make_unique<retrieval::EmbeddedCorpus>(*store_, pool_, writer_pool_, writer_, published_,
                                                          opening.settings, queries_.get(), queue_.get());
    writer_.restore().value();
  }
  ~EmbeddedReplica() override {
    pool_.join();
    writer_pool_.join();
    merge_pool_.join();
  }
  EmbeddedReplica(const EmbeddedReplica&) = delete;
  EmbeddedReplica& operator=(const EmbeddedReplica&) = delete;

  [[nodiscard]] Retriever& retriever() override { return *corpus_; }
  [[nodiscard]] Documents& documents() override { return *corpus_; }
  [[nodiscard]] retrieval::EmbeddingQueue* queue() override { return queue_.get(); }

 private:
  boost::asio::thread_pool pool_{2};
  boost::asio::thread_pool writer_pool_{1};
  boost::asio::thread_pool merge_pool_{1};
  std::unique_ptr<store::DocumentStore> store_;
  retrieval::PublishedCatalogue published_;
  retrieval::CorpusWriter writer_;
  SystemClock clock_;
  obs::Metrics metrics_;
  std::unique_ptr<retrieval::QueryEmbedder> queries_;
  std::unique_ptr<retrieval::EmbeddedQueue> queue_;
  std::unique_ptr<retrieval::EmbeddedCorpus> corpus_;
};

class EmbeddedStore final : public Store {
 public:
  [[nodiscard]] std::unique_ptr<Replica> open(const Opening& opening) override {
    return std::make_unique<EmbeddedReplica>(folder_ / "documents", opening);
  }

 private:
  fakes::TemporaryFolder folder_;
};

inline BackendKind embedded_backend() {
  return {"embedded", false, true, [] { return std::string(); }, [] { return std::make_unique<EmbeddedStore>(); }};
}

}  // namespace ragd::conformance
