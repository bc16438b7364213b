#include "load/tally.hpp"

#include <algorithm>
#include <numeric>

namespace ragd::load {

Outcome outcome_of(unsigned status) {
  if (status >= 200 && status < 300) return Outcome::success;
  if (status == 429) return Outcome::rate_limited;
  if (status == 503) return Outcome::overloaded;
  return status < 500 ? Outcome::client_error : Outcome::server_error;
}

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomes> kNames{"success",          "rate_limited", "overloaded",
                                                           "client_error",     "server_error", "timeout",
                                                           "connection_error", "unfinished"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(CacheUse use) {
  constexpr std::array<std::string_view, kCacheUses> kNames{"hit",       "revalidated", "stale",  "miss",
                                                            "coalesced", "bypass",      "unknown"};
  return kNames[static_cast<std::size_t>(use)];
}

namespace {

template <std::size_t n>
void add(std::array<std::uint64_t, n>& to, const std::array<std::uint64_t, n>& from) {
  for (std::size_t i = 0; i < n; ++i) to[i] += from[i];
}

template <std::size_t n>
void subtract(std::array<std::uint64_t, n>& from, const std::array<std::uint64_t, n>& what) {
  for (std::size_t i = 0; i < n; ++i) from[i] -= what[i];
}

}  // namespace

void Tally::answered(unsigned status, CacheUse use, Nanos latency_of_it) {
  const Outcome outcome = outcome_of(status);
  ++outcomes[static_cast<std::size_t>(outcome)];
  ++statuses[status];
  if (outcome != Outcome::success) return;
  ++cache[static_cast<std::size_t>(use)];
  latency.record(latency_of_it);
}

void Tally::merge(const Tally& other) {
  add(outcomes, other.outcomes);
  add(statuses, other.statuses);
  add(cache, other.cache);
  latency.merge(other.latency);
  late.merge(other.late);
  unsent += other.unsent;
  answers_per_second += other.answers_per_second;
  window = std::max(window, other.window);
  cpu += other.cpu;
}

Tally Tally::since(const Tally& earlier) const {
  Tally rest;
  rest.outcomes = outcomes;
  rest.statuses = statuses;
  rest.cache = cache;
  subtract(rest.outcomes, earlier.outcomes);
  subtract(rest.statuses, earlier.statuses);
  subtract(rest.cache, earlier.cache);
  rest.latency = latency.since(earlier.latency);
  rest.late = late.since(earlier.late);
  rest.window = window - earlier.window;
  return rest;
}

std::uint64_t Tally::sent() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0});
}

std::uint64_t Tally::answered() const {
  return sent() - count(Outcome::timeout) - count(Outcome::connection_error) - count(Outcome::unfinished);
}

std::uint64_t Tally::errors() const {
  return sent() - count(Outcome::success) - count(Outcome::rate_limited) - count(Outcome::unfinished);
}

std::uint64_t Tally::waited_in_vain() const {
  return count(Outcome::timeout) + count(Outcome::unfinished) + unsent;
}

std::optional<double> Tally::hit_rate() const {
  const std::uint64_t hits = count(CacheUse::hit) + count(CacheUse::stale) + count(CacheUse::revalidated);
  const std::uint64_t known = count(Outcome::success) - count(CacheUse::unknown);
  if (known == 0) return std::nullopt;
  return static_cast<double>(hits) / static_cast<double>(known);
}

}  // namespace ragd::load
