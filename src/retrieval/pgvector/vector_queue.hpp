// The documents in PostgreSQL that have no vectors of the embedder's model yet, shared out among the replicas.
//
// For coroutines on one of the database's cores, and one worker. What is handed out is leased for some minutes, so that
// replicas take different documents and those of one that died come round again. Only replicas with the model that was
// started last get any: during a rolling change of models the old ones leave off. The first vectors of a model bring
// its index, which the server builds without holding up reads or writes.
#pragma once

#include "retrieval/embedding_queue.hpp"
#include "retrieval/pgvector/database.hpp"

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval::pgvector {

class VectorQueue final : public EmbeddingQueue {
 public:
  /// All must outlive this.
  VectorQueue(Database& database, boost::asio::thread_pool& pool) : database_(database), pool_(pool) {}

  Task<Result<std::vector<WaitingDocument>>> take(std::size_t passages) override;
  Task<Result<void>> land(std::vector<DocumentVectors> batch) override;
  void put_back(const std::vector<WaitingDocument>& batch) override;
  [[nodiscard]] std::size_t waiting() const override { return waiting_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] Task<Result<std::vector<WaitingDocument>>> take_from(Connection& connection, std::size_t passages,
                                                                     SteadyTime deadline);
  [[nodiscard]] Task<Result<void>> bring_index(std::size_t dimension);
  [[nodiscard]] Task<Result<void>> start_index(std::size_t dimension, SteadyTime deadline);
  [[nodiscard]] Effort effort() const;

  Database& database_;
  boost::asio::thread_pool& pool_;
  std::vector<std::string> returned_;  // stamps whose leases the next take ends
  std::atomic<std::size_t> waiting_{0};
  SteadyTime counted_;                   // when waiting_ was last counted, not only kept
  std::size_t indexed_ = 0;              // the dimension whose index is there
  std::unique_ptr<Connection> indexer_;  // while the server builds
};

}  // namespace ragd::retrieval::pgvector
