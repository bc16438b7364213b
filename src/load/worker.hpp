// One thread's share of a run: its connections and the epoll loop over them. One write and one read a request, no
// allocation, one look at the clock for each answer; in open loop another one each time the loop wakes.
//
// For one thread; what Stop refers to and the SharedTally may be touched by others. A connection that fails is tried
// again after 100 ms, then 200 ms up to a second; while none at all can be made, requests that come due fail at once.
#pragma once

#include "load/dispatcher.hpp"
#include "load/requests.hpp"
#include "load/response_scanner.hpp"
#include "load/socket.hpp"
#include "load/tally.hpp"
#include "load/target.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace ragd::load {

/// A worker's tally as it last published it. Thread-safe.
class SharedTally {
 public:
  void publish(const Tally& tally) {
    const std::lock_guard lock(mutex_);
    tally_ = tally;
  }
  [[nodiscard]] Tally latest() const {
    const std::lock_guard lock(mutex_);
    return tally_;
  }

 private:
  mutable std::mutex mutex_;
  Tally tally_;
};

/// Why a worker ends before its time: somebody asked for it, or another worker broke. Set by others.
struct Stop {
  const std::atomic<bool>& asked;
  const std::atomic<bool>& broken;

  [[nodiscard]] bool now() const {
    return asked.load(std::memory_order_relaxed) || broken.load(std::memory_order_relaxed);
  }
};

class Worker {
 public:
  /// `shared` may be null: nobody looks while the run goes on. Throws std::system_error, here and in run, when epoll
  /// fails.
  Worker(const Target& target, const Pace& pace, std::size_t connections, Nanos timeout, Asker asker, const Stop& stop,
         SharedTally* shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Until the pace's end, or at most a second after it is stopped. Once.
  Tally run();

 private:
  enum class State : std::uint8_t { closed, connecting, idle, busy };

  struct Connection {
    Socket socket;
    State state = State::closed;
    bool watches_write = false;  // epoll tells when it can be written to
    unsigned failures = 0;       // since the last answer
    TimePoint retry_at{};
    TimePoint since{};     // latency counts from here
    TimePoint deadline{};  // of connecting, or of the answer
    std::string_view unwritten;
    ResponseScanner scanner;
  };

  void start();
  void loop();
  [[nodiscard]] bool done() const;
  void wait();
  [[nodiscard]] Nanos patience() const;
  void handle(Connection& connection, std::uint32_t events);

  void connect(Connection& connection);
  void connected(Connection& connection);
  void connect_failed(Connection& connection);
  void retry(Connection& connection, bool at_once);
  void watch(Connection& connection, int operation, bool for_write);
  void drop(Connection& connection);

  void offer();
  void ask(Connection& connection, TimePoint since);
  void write(Connection& connection);
  void read(Connection& connection);
  void answered(Connection& connection);
  void broken(Connection& connection, Outcome outcome);

  void sweep();
  void finish(Nanos cpu);

  [[nodiscard]] std::size_t index_of(const Connection& connection) const {
    return static_cast<std::size_t>(&connection - connections_.data());
  }

  const Target& target_;
  const Pace pace_;
  const Nanos timeout_;
  Asker asker_;
  const Stop stop_;
  SharedTally* const shared_;

  const int poll_;
  std::vector<Connection> connections_;
  std::vector<char> buffer_;
  std::optional<Dispatcher> dispatcher_;  // from the start of its schedule on
  Tally tally_;
  TimePoint now_{};  // the last look at the clock
  TimePoint next_sweep_{};
  TimePoint next_publish_{};
  TimePoint give_up_ = TimePoint::max();  // after `stop`
  std::uint64_t answers_in_window_ = 0;
  std::size_t connecting_ = 0;
  std::size_t connected_ = 0;
  std::size_t busy_ = 0;
  bool unreachable_ = false;  // the last connect failed, and no connection is left
};

}  // namespace ragd::load
