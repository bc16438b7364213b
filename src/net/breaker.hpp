// A circuit breaker: an upstream that fails too often is left alone for a while, then tried with a few probes.
//
//   closed     requests go out; once `min_requests` of the last `window` have ended and `failure_rate` of them failed:
//   open       none goes out for `cool_down` and a random part of it more, so that not all clients return at once; then
//   half-open  `probes` requests go out; when all of them succeed: closed, when one fails: open again.
//
// A plain state machine without I/O or a clock of its own, for one core. What was admitted before a change of state
// says nothing about the upstream after it: such outcomes are ignored. Probes whose outcome never comes are replaced
// after another cool-down, so that a lost ticket cannot keep it half-open for ever.
#pragma once

#include <ragd/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace ragd::net {

struct BreakerSettings {
  std::size_t window = 50;        ///< outcomes looked back at
  std::size_t min_requests = 10;  ///< fewer of them say nothing
  double failure_rate = 0.5;      ///< of those, to open
  std::chrono::milliseconds cool_down{5'000};
  std::size_t probes = 2;
};

class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  enum class Outcome : std::uint8_t {
    success,
    failure,
    unknown,  ///< canceled, or ended by the caller's own limits
  };

  /// Belongs to one request; its outcome is reported once.
  class Ticket {
   private:
    friend class Breaker;
    explicit Ticket(std::uint64_t era) : era_(era) {}
    std::uint64_t era_;
  };

  /// `seed` decides how long it stays open within the bounds.
  Breaker(const BreakerSettings& settings, std::uint64_t seed);

  /// May a request go out? Nothing: not now.
  [[nodiscard]] std::optional<Ticket> admit(SteadyTime now);
  void report(Ticket ticket, Outcome outcome, SteadyTime now);

  [[nodiscard]] State state() const { return state_; }
  /// How long it admits nothing, as things stand; zero where it may.
  [[nodiscard]] SteadyTime::duration closed_for(SteadyTime now) const;

 private:
  void remember(bool failed);
  [[nodiscard]] bool fails_too_often() const;
  void report_probe(Outcome outcome, SteadyTime now);
  void enter(State state);
  void open(SteadyTime now);

  const BreakerSettings settings_;
  std::minstd_rand random_;
  State state_ = State::closed;
  std::uint64_t era_ = 0;  // counts the changes of state

  std::vector<bool> outcomes_;  // closed: a ring, true for a failure
  std::size_t next_ = 0;
  std::size_t failures_ = 0;

  SteadyTime until_;  // open: until then; half-open: then probes that are still out count as lost
  std::size_t probes_out_ = 0;
  std::size_t probes_succeeded_ = 0;
};

}  // namespace ragd::net
