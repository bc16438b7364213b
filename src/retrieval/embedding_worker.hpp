// Takes documents that wait for vectors, has them embedded, and brings the vectors back: again and again, until
// stopped.
//
// One core's; run() once. It gives way: a batch at a time, nothing while nothing waits, longer and longer pauses while
// the embedder or the corpus fails. One document that the embedder refuses does not hold the others of its batch up.
#pragma once

#include "retrieval/embedding_queue.hpp"

#include <ragd/clock.hpp>
#include <ragd/embedder.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ragd::retrieval {

struct EmbeddingWorkerSettings {
  std::size_t passages = 64;                   ///< of a batch
  std::chrono::milliseconds timeout{30'000};   ///< of a batch's embedding
  std::chrono::milliseconds idle{500};         ///< until it looks for work again
  std::chrono::milliseconds least_pause{500};  ///< after a failure; doubled by each further one
  std::chrono::milliseconds most_pause{30'000};
};

class EmbeddingWorker {
 public:
  /// All must outlive this.
  EmbeddingWorker(const Executor& executor, EmbeddingQueue& queue, Embedder& embedder, const Clock& clock,
                  const EmbeddingWorkerSettings& settings);
  EmbeddingWorker(const EmbeddingWorker&) = delete;
  EmbeddingWorker& operator=(const EmbeddingWorker&) = delete;

  /// Starts it; whatever it still does ends soon after stop().
  void start();
  /// On the executor.
  void stop();

 private:
  enum class Step : std::uint8_t { worked, idle, failed };

  Task<void> run();
  Task<Step> step();
  Task<Result<Embedded>> embed(std::vector<std::string> texts);
  Task<Result<std::vector<DocumentVectors>>> embed_all(const std::vector<WaitingDocument>& batch);
  Task<Result<std::vector<DocumentVectors>>> embed_one_by_one(const std::vector<WaitingDocument>& batch);
  [[nodiscard]] std::chrono::milliseconds pause_after(Step step);
  void note(const Error& error);

  const Executor executor_;
  EmbeddingQueue& queue_;
  Embedder& embedder_;
  const Clock& clock_;
  const EmbeddingWorkerSettings settings_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      timer_;
  boost::asio::cancellation_signal abort_;  ///< of the embedding under way
  std::chrono::milliseconds pause_;
  int failures_ = 0;         ///< in a row
  bool has_worked_ = false;  ///< since the start
  bool stopping_ = false;
};

}  // namespace ragd::retrieval
