// Decides which request is asked when, and on which connection: the whole of open loop, closed loop and burst, without
// sockets and without a clock of its own.
//
// Open loop: a request is due at its time whether or not a connection is free. It waits for one, in order, and its
// latency counts from the time it was due: a server that stalls shows in every request it kept waiting.
// Closed loop: a free connection asks at once. Burst: each connection asks once, all at the start.
// For one thread.
#pragma once

#include "load/arrivals.hpp"
#include "load/latency_histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace ragd::load {

struct Pace {
  double rate = 0;     ///< requests a second of all threads together; 0 is closed loop
  bool burst = false;  ///< one request a connection, all due at the start
  std::uint64_t requests = std::numeric_limits<std::uint64_t>::max();  ///< of this thread, the warm-up's not counted
  Nanos warmup{0};                                                     ///< asked for so long before it counts
  Nanos duration{0};                                                   ///< without the warm-up
  Nanos grace{0};     ///< how long after the end what was due before it may still be asked
  bool spin = false;  ///< the thread polls, however long there is nothing to do
  unsigned thread = 0;
  unsigned threads = 1;
};

class Dispatcher {
 public:
  struct Offer {
    std::size_t connection;
    TimePoint since;                ///< latency counts from here
    std::optional<Nanos> lateness;  ///< open loop: how late we are in asking what could have been asked
  };

  Dispatcher(const Pace& pace, std::size_t connections, TimePoint start);

  /// The connection can take a request from now on.
  void freed(std::size_t connection, TimePoint now);
  /// A free connection went away.
  void lost(std::size_t connection);
  /// The next request to ask now, if there is one and a connection for it.
  [[nodiscard]] std::optional<Offer> next(TimePoint now);
  /// The same without a connection, for the caller to count as failed: since when it was due.
  [[nodiscard]] std::optional<TimePoint> take(TimePoint now);

  /// When next() may have something to offer without a connection being freed; max() when it will not.
  [[nodiscard]] TimePoint next_due() const;
  /// Nothing will be offered any more.
  [[nodiscard]] bool exhausted(TimePoint now) const;
  /// Ends the run now: what waits, or would have come due later, is not asked.
  void stop(TimePoint now);

  [[nodiscard]] bool counts(TimePoint since) const { return since >= measure_from_; }
  [[nodiscard]] TimePoint measure_from() const { return measure_from_; }
  /// What was measured ends here: at the end of its time, whenever the last request of it was due, or `now` where the
  /// run was over sooner.
  [[nodiscard]] TimePoint measured_until(TimePoint now) const;
  [[nodiscard]] TimePoint end() const { return end_; }
  /// Requests that were due before the end and were not asked: no connection came free in time, or before `stop`.
  [[nodiscard]] std::uint64_t unsent() const;

 private:
  struct Free {
    std::size_t connection;
    TimePoint since;
  };

  [[nodiscard]] bool open() const { return pace_.rate > 0; }

  const Pace pace_;
  TimePoint start_;
  TimePoint measure_from_;
  TimePoint end_;
  Arrivals arrivals_;
  std::uint64_t due_in_all_;     // open loop: how many arrivals lie before the end; burst: one a connection
  std::uint64_t due_in_warmup_;  // open loop: how many of these do not count
  std::uint64_t taken_ = 0;
  std::uint64_t counted_ = 0;
  bool stopped_ = false;
  // A ring, so that connections take turns: the longest free one is next.
  std::vector<Free> free_;
  std::size_t head_ = 0;
  std::size_t free_count_ = 0;
};

}  // namespace ragd::load
