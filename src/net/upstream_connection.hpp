// One connection to another server, plain or over TLS: opened, written to and read from, each until a deadline.
//
// Belongs to one core and to one user at a time. A deadline that passes closes it and is timed_out. Besides the
// server's session this is the one place that instantiates reads and writes of sockets.
#pragma once

#include "net/socket.hpp"
#include "net/tls_context.hpp"
#include "net/upstream_url.hpp"

#include <ragd/clock.hpp>
#include <ragd/task.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

class UpstreamConnection {
 public:
  /// `tls` is needed for https alone; `resumed` may be null.
  UpstreamConnection(const Executor& executor, const UpstreamUrl& url, const TlsContextPtr& tls,
                     const TlsSession& resumed);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  using ErrorCode = boost::system::error_code;

  /// To the first of the addresses that answers; each gets its share of the time, so that one that swallows packets
  /// leaves some for the others. Then the TLS handshake.
  [[nodiscard]] Task<ErrorCode> connect(std::vector<Tcp::endpoint> endpoints, SteadyTime deadline);

  /// Views stay valid until it returns.
  [[nodiscard]] Task<ErrorCode> write(std::string_view head, std::string_view body, SteadyTime deadline);

  struct Received {
    ErrorCode error;  ///< eof: the server has closed in good order
    std::string_view bytes;
  };
  /// What has come, valid until the next read.
  [[nodiscard]] Task<Received> read(SteadyTime deadline);

  /// Between two requests: the server has neither closed nor said anything.
  [[nodiscard]] bool is_quiet() const;
  /// Calls `noticed` once, later, when it no longer is quiet; unless unwatch comes first.
  void watch(std::function<void()> noticed);
  void unwatch();

  /// For messages: what is wrong with the server's certificate, or the error's own text.
  [[nodiscard]] std::string explain(const ErrorCode& error) const;
  /// Null when there is none to be resumed.
  [[nodiscard]] TlsSession session() const;

 private:
  struct Streams;
  [[nodiscard]] Task<ErrorCode> connect_tcp(std::vector<Tcp::endpoint> endpoints, SteadyTime deadline);

  std::unique_ptr<Streams> streams_;
};

}  // namespace ragd::net
