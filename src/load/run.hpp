// A run: its workers on threads of their own, their tallies merged, and a look at them once a second.
//
// Blocks until the run is over. `stop` may be set by a signal handler; the run then ends within a second. Refuses more
// connections and threads than the process may open files; a thread that breaks ends the run, with an error.
#pragma once

#include "load/dispatcher.hpp"
#include "load/requests.hpp"
#include "load/tally.hpp"
#include "load/target.hpp"

#include <ragd/error.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace ragd::load {

struct Plan {
  double rate = 0;     ///< requests a second; 0 is closed loop
  bool burst = false;  ///< one request a connection, all at once
  std::size_t connections = 64;
  unsigned threads = 1;                                                ///< at most `connections`
  std::uint64_t requests = std::numeric_limits<std::uint64_t>::max();  ///< the run ends after so many
  Nanos warmup{0};
  Nanos duration{std::chrono::seconds(10)};
  Nanos timeout{std::chrono::seconds(10)};  ///< of one request
  bool in_turn = false;                     ///< each request of the set after the other, whatever its popularity
  bool spin = false;                        ///< the threads never sleep: nobody pays for waking them
  std::uint64_t seed = 1;
};

using EverySecond = std::function<void(const Tally& so_far, std::chrono::seconds elapsed)>;

/// `every_second` is called on the caller's thread, and may be empty.
[[nodiscard]] Result<Tally> run(const Plan& plan, const Target& target, const RequestSet& requests,
                                const std::atomic<bool>& stop, const EverySecond& every_second);

}  // namespace ragd::load
