// Accepts connections and hands them round to the cores.
//
// open, start and the destructor belong to the owner; the rest is thread-safe and takes effect on the cores soon
// after. Beyond max_connections a reserve of kProbeConnections more is accepted, which get one answer each: probes a
// true one, everything else a refusal; beyond that, newcomers wait in the kernel's backlog, and connections of the
// reserve that dawdle make way for them. Out of file descriptors it pauses; it neither spins nor floods the log.
#pragma once

#include "net/exchange.hpp"
#include "net/io_threads.hpp"
#include "net/session_group.hpp"
#include "net/socket.hpp"
#include "obs/metrics.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

inline constexpr std::size_t kProbeConnections = 64;

/// "127.0.0.1:8000", "[::1]:8000", "localhost:8000"; port 0 lets the system choose. The detail says what is wrong.
[[nodiscard]] Result<Tcp::endpoint> parse_listen_address(std::string_view text);

class Listener {
 public:
  /// Binds and listens. `handlers` has one for each core; they, `threads` and `metrics` must outlive it. Errors carry a
  /// detail fit for the one line ragd prints before it exits ("127.0.0.1:8000 is already in use").
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(const std::string& listen, const HttpSettings& settings,
                                                              std::span<HttpHandler* const> handlers,
                                                              IoThreads& threads, obs::Metrics& metrics);
  /// Stops accepting, aborts what is left and waits for it to end.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Begins to accept; the io threads run, or will.
  void start();
  /// Takes what already waits in the backlog, then closes the listening socket.
  void stop_accepting();
  /// Closes connections that wait for a next request. Others close after their answer once the handler is draining.
  void close_idle();
  /// Ends all connections; handlers under way return first.
  void abort();

  [[nodiscard]] std::size_t connections() const { return count_->value(); }
  /// Blocks the caller, which is no io thread. False: some are left at `deadline`.
  [[nodiscard]] bool wait_until_closed(SteadyTime deadline) const { return count_->wait_until_none(deadline); }
  /// With the port the system chose.
  [[nodiscard]] const Tcp::endpoint& endpoint() const { return endpoint_; }

 private:
  Listener(Acceptor acceptor, const HttpSettings& settings, std::span<HttpHandler* const> handlers, IoThreads& threads,
           obs::Metrics& metrics);

  [[nodiscard]] Task<void> accept_connections();
  [[nodiscard]] Task<void> pause();
  void close_stalled_probes();
  void take_backlog();
  void hand_over(const SessionGroupPtr& group, Socket socket, const Tcp::endpoint& peer);
  void report_failure(const boost::system::error_code& ec);
  [[nodiscard]] const SessionGroupPtr& next_group();

  const std::size_t max_connections_;
  const ConnectionCountPtr count_;
  const ConnectionCountPtr acceptor_users_;  // the accept loop, and a stop under way
  Acceptor acceptor_;
  Timer pause_timer_;
  Tcp::endpoint endpoint_;
  std::vector<SessionGroupPtr> groups_;  // one per core
  std::size_t next_ = 0;
  SteadyTime last_report_ = SteadyTime::min();
  bool started_ = false;
  bool stopped_ = false;  // on the acceptor's core
};

}  // namespace ragd::net
