// Who may ask how often: a fixed-size, sharded, lock-free table of clients.
//
// Thread-safe, never blocks, never allocates after construction. `exact` keeps each client's last N admissions and
// never allows more than N in any window; `gcra` paces with one word a client (burst + rate x window at most).
// Time is the caller's and is made monotonic per client. It refuses to remember refused requests: they cost nothing
// and don't extend the wait. When a probe group is full of busy clients, newcomers share one bucket per shard.
#pragma once

#include <ragd/clock.hpp>
#include <ragd/settings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ragd::limit {

/// Largest `requests` the exact algorithm keeps a log for; above it `automatic` means gcra.
inline constexpr std::uint32_t kMaxExactRequests = 1024;

struct Decision {
  bool allowed = true;
  std::uint32_t remaining = 0;              ///< requests left in the window after this one
  std::chrono::nanoseconds retry_after{0};  ///< refused: until the next one would be allowed
  std::chrono::nanoseconds reset{0};        ///< until the whole quota is back
  bool overflow = false;                    ///< charged to a shared bucket
};

struct RateTableStats {
  std::size_t clients = 0;       ///< entries in use, idle ones included until reclaimed
  std::uint64_t reclaimed = 0;   ///< idle entries given to a new client
  std::uint64_t overflowed = 0;  ///< checks charged to a shared bucket
};

class RateTable {
 public:
  explicit RateTable(const RateLimitSettings& settings);
  ~RateTable();
  RateTable(const RateTable&) = delete;
  RateTable& operator=(const RateTable&) = delete;

  /// Charges one request of `client` (a well-mixed 64-bit hash of its identity) at `now`.
  Decision check(std::uint64_t client, SteadyTime now);

  [[nodiscard]] RateTableStats stats() const;
  /// Address space reserved; pages are touched only as clients come.
  [[nodiscard]] std::size_t memory_bytes() const;
  /// The algorithm in force: exact or gcra.
  [[nodiscard]] LimitAlgorithm algorithm() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ragd::limit
