// What retrieval by meaning needs: the embedder, the vectors of queries, the documents that wait, and the workers that
// bring them their vectors. All of it or, without embeddings.model, nothing.
//
// Construction opens no connection. start and stop are called by the owner, on core 0; the rest is thread-safe.
#pragma once

#include "embed/openai_embedder.hpp"
#include "obs/metrics.hpp"
#include "retrieval/embedding_queue.hpp"
#include "retrieval/embedding_worker.hpp"
#include "retrieval/query_embedder.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <vector>

namespace ragd::app {

class Embedding {
 public:
  /// Null when no model is set. `pool` reads large answers.
  [[nodiscard]] static Result<std::unique_ptr<Embedding>> make(const EmbeddingsSettings& settings,
                                                               const std::vector<boost::asio::io_context*>& cores,
                                                               boost::asio::thread_pool& pool, obs::Metrics& metrics,
                                                               const Clock& clock);

  [[nodiscard]] Embedder& embedder() { return *embedder_; }
  [[nodiscard]] retrieval::QueryEmbedder& queries() { return queries_; }

  /// The corpus's, before start; it must not go before stop and the cores' end.
  void set_queue(std::unique_ptr<retrieval::EmbeddingQueue> queue) { queue_ = std::move(queue); }
  [[nodiscard]] retrieval::EmbeddingQueue& queue() { return *queue_; }

  void start();
  /// What is under way is cut off, or ends within a request's timeout.
  void stop();

 private:
  Embedding(const EmbeddingsSettings& settings, std::unique_ptr<embed::OpenAiEmbedder> embedder,
            boost::asio::io_context& core, obs::Metrics& metrics, const Clock& clock);

  const EmbeddingsSettings settings_;
  const std::unique_ptr<embed::OpenAiEmbedder> embedder_;
  boost::asio::io_context& core_;
  const Clock& clock_;
  retrieval::QueryEmbedder queries_;
  std::unique_ptr<retrieval::EmbeddingQueue> queue_;
  std::vector<std::unique_ptr<retrieval::EmbeddingWorker>> workers_;
};

}  // namespace ragd::app
