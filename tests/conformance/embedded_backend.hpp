// The embedded corpus in the conformance suite: a folder, and RocksDB in it, which one process has at a time.
#pragma once

#include "conformance/backend.hpp"
#include "fakes/temporary_folder.hpp"
#include "retrieval/embedded_corpus.hpp"

namespace ragd::conformance {

class EmbeddedReplica final : public Replica {
 public:
  EmbeddedReplica(const std::string& folder, const Opening& opening)
      : store_(store::DocumentStore::open(folder).value()),
        writer_(*store_, writer_pool_, merge_pool_, published_),
        corpus_(*store_, pool_, writer_pool_, writer_, published_, opening.settings) {
    writer_.restore().value();
  }
  ~EmbeddedReplica() override {
    pool_.join();
    writer_pool_.join();
    merge_pool_.join();
  }
  EmbeddedReplica(const EmbeddedReplica&) = delete;
  EmbeddedReplica& operator=(const EmbeddedReplica&) = delete;

  [[nodiscard]] Retriever& retriever() override { return corpus_; }
  [[nodiscard]] Documents& documents() override { return corpus_; }
  [[nodiscard]] retrieval::EmbeddingQueue* queue() override { return nullptr; }

 private:
  boost::asio::thread_pool pool_{2};
  boost::asio::thread_pool writer_pool_{1};
  boost::asio::thread_pool merge_pool_{1};
  std::unique_ptr<store::DocumentStore> store_;
  retrieval::PublishedCatalogue published_;
  retrieval::CorpusWriter writer_;
  retrieval::EmbeddedCorpus corpus_;
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
  return {"embedded", false, false, [] { return std::string(); }, [] { return std::make_unique<EmbeddedStore>(); }};
}

}  // namespace ragd::conformance
