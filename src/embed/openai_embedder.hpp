// Vectors from any server with OpenAI's embeddings endpoint: POST {url}/embeddings.
//
// Thread-safe; embed and ping are for coroutines on the cores given at the start. Texts go out in batches, one batch
// after another, within the caller's deadline, retried and behind a circuit breaker. The dimension that came first, or
// was asked for, holds for good: a server that answers with another one fails. The key is sent and shown nowhere else.
#pragma once

#include "net/guarded_upstream.hpp"
#include "obs/upstream_metrics.hpp"

#include <ragd/embedder.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::embed {

class OpenAiEmbedder final : public Embedder {
 public:
  /// `settings.model` is not empty. `pool` reads large answers. The detail of an Error names the setting.
  [[nodiscard]] static Result<std::unique_ptr<OpenAiEmbedder>> make(const EmbeddingsSettings& settings,
                                                                    const std::vector<boost::asio::io_context*>& cores,
                                                                    boost::asio::thread_pool& pool,
                                                                    obs::UpstreamMetrics& metrics);

  Task<Result<Embedded>> embed(SteadyTime deadline, std::vector<std::string> texts, EmbeddingUse use) override;
  [[nodiscard]] std::size_t dimension() const override { return dimension_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::string tag() const override;
  Task<Result<void>> ping() override;

  /// From any thread; see GuardedUpstream.
  [[nodiscard]] net::GuardStats stats() const { return upstream_->stats(); }
  void close() { upstream_->close(); }

 private:
  OpenAiEmbedder(const EmbeddingsSettings& settings, std::unique_ptr<net::GuardedUpstream> upstream,
                 boost::asio::thread_pool& pool);

  [[nodiscard]] std::size_t batch_end(std::span<const std::string> texts, std::size_t begin) const;
  [[nodiscard]] Task<Result<Embedded>> embed_batch(SteadyTime deadline, std::span<const std::string> texts,
                                                   EmbeddingUse use);
  [[nodiscard]] Task<Result<Embedded>> read(std::string body, std::size_t count);
  [[nodiscard]] std::optional<Error> check_dimension(std::size_t dimension);
  [[nodiscard]] Error explain(unsigned status) const;
  [[nodiscard]] net::UpstreamRequest make_request(std::string method, std::string_view path) const;

  const EmbeddingsSettings settings_;
  const std::unique_ptr<net::GuardedUpstream> upstream_;
  boost::asio::thread_pool& pool_;
  std::atomic<std::size_t> dimension_;
};

}  // namespace ragd::embed
