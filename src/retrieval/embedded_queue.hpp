// The queue of documents to embed, of an embedded corpus: derived from the published catalogue.
//
// Thread-safe. The latest written come first: those are in the smallest segments. Documents that the model refuses stay
// without vectors until they are written, or their segment merged, anew.
#pragma once

#include "retrieval/catalogue.hpp"
#include "retrieval/corpus_writer.hpp"
#include "retrieval/embedding_queue.hpp"

#include <ragd/embedder.hpp>

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval {

class EmbeddedQueue final : public EmbeddingQueue {
 public:
  /// `writer` works on the one thread of `writer_pool`. All must outlive this, and this the pools' work.
  EmbeddedQueue(const Embedder& embedder, CorpusWriter& writer, const PublishedCatalogue& published,
                boost::asio::thread_pool& pool, boost::asio::thread_pool& writer_pool)
      : embedder_(embedder), writer_(writer), published_(published), pool_(pool), writer_pool_(writer_pool) {}

  Task<Result<std::vector<WaitingDocument>>> take(std::size_t passages) override;
  Task<Result<void>> land(std::vector<DocumentVectors> batch) override;
  void put_back(const std::vector<WaitingDocument>& batch) override;
  [[nodiscard]] std::size_t waiting() const override;
  [[nodiscard]] std::size_t waiting(const std::string& tenant) const override;

 private:
  using Name = std::pair<std::string, std::string>;  ///< tenant, document
  struct Refusal {
    std::uint64_t segment = 0;  ///< in which it was
    std::size_t chunks = 0;
  };

  [[nodiscard]] std::size_t waiting(const std::string& tenant, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::vector<WaitingDocument>> take_now(std::size_t passages);
  [[nodiscard]] Result<void> land_now(const std::vector<DocumentVectors>& batch);
  /// Hands out, in the names only.
  [[nodiscard]] std::vector<Name> choose(const Catalogue& catalogue, std::size_t passages);
  void choose_from(const std::string& tenant, const SegmentView& view, std::size_t passages, std::size_t& chosen,
                   std::vector<Name>& names);
  [[nodiscard]] bool waits(const SegmentView& view, std::size_t document) const;
  void refuse(const Catalogue& catalogue, const Name& name);
  void forget_refusals(const Catalogue& catalogue);

  const Embedder& embedder_;
  CorpusWriter& writer_;
  const PublishedCatalogue& published_;
  boost::asio::thread_pool& pool_;
  boost::asio::thread_pool& writer_pool_;
  mutable std::mutex mutex_;  ///< of what follows; never held while anything is read, embedded or written
  std::set<Name> out_;
  std::map<Name, Refusal> refused_;
};

}  // namespace ragd::retrieval
