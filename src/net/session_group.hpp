// What the sessions of one core share: settings, handler, clocks, and the list of themselves by which deadlines are
// kept. One timer sweeps that list some times a second, so that a request costs no timer of its own; a deadline is
// met to within an eighth of the shortest timeout, at most a quarter of a second late.
//
// Belongs to its core: all calls come from there, but for the constructor and those marked otherwise.
#pragma once

#include "net/exchange.hpp"
#include "net/response_writer.hpp"
#include "net/socket.hpp"
#include "obs/metrics.hpp"

#include <ragd/settings.hpp>

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace ragd::net {

class Session;

/// How many connections live, on all cores. Thread-safe.
class ConnectionCount {
 public:
  void enter();
  void leave();
  [[nodiscard]] std::size_t value() const;
  /// False: some are left at `deadline`.
  [[nodiscard]] bool wait_until_none(SteadyTime deadline) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable none_;
  std::size_t count_ = 0;
};

using ConnectionCountPtr = std::shared_ptr<ConnectionCount>;  // owners: the listener and each ticket

/// One connection's place in the count, from its acceptance until it is gone for good.
class ConnectionTicket {
 public:
  explicit ConnectionTicket(ConnectionCountPtr count) : count_(std::move(count)) { count_->enter(); }
  ConnectionTicket(ConnectionTicket&& other) noexcept = default;
  ConnectionTicket& operator=(ConnectionTicket&& other) = delete;
  ~ConnectionTicket() {
    if (count_ != nullptr) count_->leave();
  }

 private:
  ConnectionCountPtr count_;
};

class SessionGroup;
using SessionGroupPtr = std::shared_ptr<SessionGroup>;  // owners: the listener, each session and a pending sweep

/// What the listener knows about a connection it hands over.
struct NewConnection {
  Socket socket;
  boost::asio::ip::address peer;
  bool probes_only = false;  ///< one answer, which is a refusal for anything but a probe, and little time
  ConnectionTicket ticket;
};

class SessionGroup {
 public:
  SessionGroup(const Executor& executor, const HttpSettings& settings, HttpHandler& handler, obs::Metrics& metrics);

  /// Serves a connection whose socket was made with this group's executor. From any thread.
  static void adopt(const SessionGroupPtr& group, NewConnection connection);
  /// Ends the connections that wait for a next request.
  void close_idle();
  /// Ends the connections beyond the limit that have not had their answer at once: others wait for their places.
  void close_stalled_probes();
  /// Ends all connections as soon as their handlers return.
  void abort();

  [[nodiscard]] std::list<Session*>::iterator add(Session& session);
  void remove(std::list<Session*>::iterator place);

  [[nodiscard]] Executor executor() { return timer_.get_executor(); }  ///< from any thread
  [[nodiscard]] const HttpSettings& settings() const { return settings_; }
  [[nodiscard]] HttpHandler& handler() const { return handler_; }
  [[nodiscard]] std::string_view date_line() { return date_line_.now(); }

 private:
  static void start(const SessionGroupPtr& group, NewConnection connection);
  static void arm(const SessionGroupPtr& group);
  void sweep();

  const HttpSettings settings_;
  HttpHandler& handler_;
  obs::Metrics& metrics_;
  Timer timer_;
  const SteadyTime::duration sweep_period_;
  bool armed_ = false;
  std::list<Session*> sessions_;
  DateLine date_line_;
};

}  // namespace ragd::net
