// Finished answers by question. Whether one may be served is the pipeline's decision: the cache knows no versions,
// only keys, times and bytes.
//
// Thread-safe. Faults are values: a broken cache costs a miss, never an answer.
#pragma once

#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ragd {

/// Everything that decides an answer, spelled out; compared in full, `hash` only finds the place.
struct CacheKey {
  std::string bytes;
  std::uint64_t hash = 0;
};

/// 128 bits over the passages that went into an answer: equal fingerprints, equal evidence.
using Fingerprint = std::array<std::uint64_t, 2>;

/// An answer ready to be sent. `json` is the response body's unchanging front: an object whose first members are
/// "answer" and "citations", left open at the end for the members that differ from response to response.
struct CachedAnswer {
  std::string tenant;
  std::string version;  ///< of the corpus, read before the retrieval that fed this answer
  Fingerprint fingerprint{};
  std::int64_t stored_at_ms = 0;  ///< wall clock, milliseconds since 1970
  std::int64_t expires_at_ms = 0;
  bool no_answer = false;
  std::string json;
  std::uint32_t answer_begin = 0;  ///< json[answer_begin, answer_end) is the answer as a JSON string
  std::uint32_t answer_end = 0;
  std::uint32_t citations_begin = 0;  ///< likewise the citations' array
  std::uint32_t citations_end = 0;
  std::vector<std::string> documents;  ///< ids cited, for purging
};

using CachedAnswerPtr = std::shared_ptr<const CachedAnswer>;  // owners: the hot tier and the responses being written

/// Which entries a purge drops; empty strings match everything.
struct PurgeSelector {
  std::string tenant;
  std::string document;
};

struct CacheStats {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

class ResponseCache {
 public:
  virtual ~ResponseCache() = default;

  /// From memory only, never suspends or waits for a disk: null when it is not there (it may still be on disk) or has
  /// expired.
  [[nodiscard]] virtual CachedAnswerPtr peek(const CacheKey& key, std::int64_t now_ms) = 0;

  /// From memory or disk; null when there is none that is still fresh.
  virtual Task<Result<CachedAnswerPtr>> get(const CacheKey& key, std::int64_t now_ms) = 0;

  /// Stores unless a purge has happened since `epoch` was read: an answer older than a purge must not come back.
  virtual Task<Result<void>> put(const CacheKey& key, CachedAnswerPtr entry, std::uint64_t epoch) = 0;

  /// The evidence is unchanged under `version`: moves the entry there if it still is `seen`. Age and expiry stay.
  /// Returns the entry to serve: `seen` with the new version.
  virtual Task<Result<CachedAnswerPtr>> adopt(const CacheKey& key, CachedAnswerPtr seen, std::string version,
                                              std::uint64_t epoch) = 0;

  /// Drops what matches and bumps the epoch; returns how many entries went.
  virtual Task<Result<std::uint64_t>> purge(const PurgeSelector& selector) = 0;

  [[nodiscard]] virtual std::uint64_t epoch() const = 0;
  [[nodiscard]] virtual CacheStats stats() const = 0;
  virtual Task<Result<void>> ping() = 0;
};

}  // namespace ragd
