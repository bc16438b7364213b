#include "app/embedding.hpp"

#include <utility>

namespace ragd::app {

Result<std::unique_ptr<Embedding>> Embedding::make(const EmbeddingsSettings& settings,
                                                   const std::vector<boost::asio::io_context*>& cores,
                                                   boost::asio::thread_pool& pool, obs::Metrics& metrics,
                                                   const Clock& clock) {
  if (settings.model.empty()) return std::unique_ptr<Embedding>();
  auto embedder = embed::OpenAiEmbedder::make(settings, cores, pool, metrics.upstreams);
  if (!embedder) return embedder.error();
  return std::unique_ptr<Embedding>(new Embedding(settings, *std::move(embedder), *cores.front(), metrics, clock));
}

Embedding::Embedding(const EmbeddingsSettings& settings, std::unique_ptr<embed::OpenAiEmbedder> embedder,
                     boost::asio::io_context& core, obs::Metrics& metrics, const Clock& clock)
    : settings_(settings),
      embedder_(std::move(embedder)),
      core_(core),
      clock_(clock),
      queries_(*embedder_, metrics, clock, {settings.query_timeout}) {}

void Embedding::start() {
  retrieval::EmbeddingWorkerSettings its;
  its.passages = settings_.batch_size;
  // Retries, and a document that is more than one request, have to fit.
  constexpr int kRequests = 4;
  its.timeout = kRequests * settings_.timeout;
  for (std::size_t i = 0; i < settings_.parallel; ++i) {
    workers_.push_back(
        std::make_unique<retrieval::EmbeddingWorker>(core_.get_executor(), *queue_, *embedder_, clock_, its));
    workers_.back()->start();
  }
}

void Embedding::stop() {
  for (const auto& worker : workers_) worker->stop();
  embedder_->close();
}

}  // namespace ragd::app
