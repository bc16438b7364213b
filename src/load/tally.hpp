// What a run measured: how requests ended, what the cache did, and the latencies of those that succeeded.
//
// For one thread; tallies of several are merged, and what happened between two copies is a tally too (since).
#pragma once

#include "load/latency_histogram.hpp"
#include "load/response_scanner.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ragd::load {

/// How a request ended: 2xx, 429, 503, other statuses below 500, other statuses from 500, no whole answer in time, no
/// connection or no whole answer on it, not before the run was ended early.
enum class Outcome : std::uint8_t {
  success,
  rate_limited,
  overloaded,
  client_error,
  server_error,
  timeout,
  connection_error,
  unfinished
};
inline constexpr std::size_t kOutcomes = 8;

[[nodiscard]] Outcome outcome_of(unsigned status);
/// As the report spells them: "rate_limited", "coalesced".
[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] std::string_view name_of(CacheUse use);

struct Tally {
  static constexpr std::size_t kStatuses = 600;

  std::array<std::uint64_t, kOutcomes> outcomes{};
  std::array<std::uint64_t, kStatuses> statuses{};
  std::array<std::uint64_t, kCacheUses> cache{};  ///< of successes
  LatencyHistogram latency;                       ///< of successes
  LatencyHistogram late;                          ///< open loop: how late the generator itself was
  std::uint64_t unsent = 0;                       ///< due before the end, but never asked
  double answers_per_second = 0;                  ///< of those that came before the end
  Nanos window{0};                                ///< what was measured, from its start to its end
  Nanos cpu{0};                                   ///< of the generator's threads

  void answered(unsigned status, CacheUse use, Nanos latency_of_it);
  void unanswered(Outcome outcome) { ++outcomes[static_cast<std::size_t>(outcome)]; }

  /// Adds the counts and rates of a thread that ran at the same time.
  void merge(const Tally& other);
  /// The counts, latencies and time added since `earlier` was copied from this tally.
  [[nodiscard]] Tally since(const Tally& earlier) const;

  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::uint64_t count(CacheUse use) const { return cache[static_cast<std::size_t>(use)]; }
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] std::uint64_t answered() const;
  /// Everything that was neither answered as asked nor refused by the rate limit, of what ended.
  [[nodiscard]] std::uint64_t errors() const;
  /// Requests that waited in vain, for an answer or to be asked: longer than most, and yet not among the latencies.
  [[nodiscard]] std::uint64_t waited_in_vain() const;
  /// The part of answers that came from the cache, where the server says so.
  [[nodiscard]] std::optional<double> hit_rate() const;
};

}  // namespace ragd::load
