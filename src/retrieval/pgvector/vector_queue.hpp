// The documents in PostgreSQL that have no vectors of the embedder's model yet, shared out among the replicas.
//
// For coroutines on one core of the database's; several workers may take turns there. What is handed out is leased for
// some minutes, so that replicas take different documents and those of one that died come round again. Only replicas
// with the model that was started last get any: during a rolling change of models the old ones leave off. The first
// vectors of a model bring its index, which the server builds without holding up reads or writes.
#pragma once

#include "retrieval/embedding_queue.hpp"
#include "retrieval/pgvector/database.hpp"

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
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
  /// Counted anew every ten seconds, so writes and other replicas' work show late.
  [[nodiscard]] std::size_t waiting() const override;
  [[nodiscard]] std::size_t waiting(const std::string& tenant) const override;

 private:
  [[nodiscard]] Task<Result<std::vector<WaitingDocument>>> take_from(Connection& connection, std::size_t passages,
                                                                     SteadyTime deadline);
  [[nodiscard]] Task<Result<void>> bring_index(std::size_t dimension);
  [[nodiscard]] Task<void> look_at_index();
  [[nodiscard]] Task<Result<void>> start_index(std::size_t dimension, SteadyTime deadline);
  [[nodiscard]] Effort effort() const;
  void set_waiting(const Rows& counts);
  void note_landed(const std::map<std::string, std::size_t>& passages);

  Database& database_;
  boost::asio::thread_pool& pool_;
  std::vector<std::string> returned_;           // stamps whose leases the next take ends
  SteadyTime counted_;                          // when waiting_ was last counted, not only kept
  bool bringing_ = false;                       // a coroutine is at the index
  std::size_t indexed_ = 0;                     // the dimension whose index is there
  std::unique_ptr<Connection> indexer_;         // while the server builds
  mutable std::mutex mutex_;                    // of what follows; held for a look
  std::map<std::string, std::size_t> waiting_;  // passages, by tenant
};

}  // namespace ragd::retrieval::pgvector
