// The vectors of queries: from memory where the same text was asked before, else from the embedder.
//
// Thread-safe. It holds a bounded number of bytes, the latest used. A failure of the embedder is the caller's to bear:
// a search by words alone is a degraded search, not an error.
#pragma once

#include "obs/metrics.hpp"

#include <ragd/clock.hpp>
#include <ragd/context.hpp>
#include <ragd/embedder.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ragd::retrieval {

using SharedVector = std::shared_ptr<const Vector>;  // owners: the cache and the searches under way

struct QueryEmbedderSettings {
  std::chrono::milliseconds timeout{2'000};  ///< a query waits no longer for its vector
  std::size_t cached_bytes = 16U << 20;
};

struct QueryEmbedderStats {
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

class QueryEmbedder {
 public:
  /// All outlive this.
  QueryEmbedder(Embedder& embedder, obs::Metrics& metrics, const Clock& clock, const QueryEmbedderSettings& settings)
      : embedder_(embedder), metrics_(metrics), clock_(clock), settings_(settings) {}

  Task<Result<SharedVector>> embed(const RequestContext& context, const std::string& text);

  /// See Embedder.
  [[nodiscard]] std::string tag() const { return embedder_.tag(); }
  [[nodiscard]] QueryEmbedderStats stats() const;

 private:
  struct Entry {
    std::string text;
    SharedVector vector;
  };

  [[nodiscard]] static std::size_t bytes_of(const Entry& entry);
  [[nodiscard]] SharedVector find(const std::string& text);
  void keep(const std::string& text, SharedVector vector);

  Embedder& embedder_;
  obs::Metrics& metrics_;
  const Clock& clock_;
  const QueryEmbedderSettings settings_;
  mutable std::mutex mutex_;  ///< of what follows; held for a look-up, never while the embedder works
  std::list<Entry> entries_;  ///< the latest used in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
  std::size_t bytes_ = 0;
};

}  // namespace ragd::retrieval
