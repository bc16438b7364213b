// The client by which ragd's parts speak HTTP/1.1 to one other server: connections kept and bounded, deadlines, TLS.
//
// One per core and server; all calls come from coroutines on that core, and end before the client does (what is left of
// them may be destroyed later). Any status is a response; an Error is of the transport: canceled, deadline_exceeded
// when the total deadline passed, overloaded when too many wait for a connection, unavailable for all else, connect and
// first-byte limits among it. Its detail names the server and never holds a header or a body. It follows no redirects,
// and sends nothing twice but a repeatable request that a kept connection swallowed without a byte of answer.
// Cancellation of the coroutine, and a stream given up before its end, close the connection; one that comes between two
// waits is thrown by Asio at the next (operation_aborted), as anywhere else.
#pragma once

#include "net/response_reader.hpp"
#include "net/upstream_message.hpp"
#include "net/upstream_pool.hpp"
#include "net/upstream_url.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::net {

struct UpstreamSettings {
  PoolSettings pool;
  ResponseLimits limits;
};

struct UpstreamDeadlines {
  std::chrono::milliseconds connect{5'000};      ///< for looking the host up, TCP and TLS together
  std::chrono::milliseconds first_byte{60'000};  ///< from the request's first byte sent to the answer's whole head
  SteadyTime total = SteadyTime::max();          ///< for all of it, the wait for a connection included
};

class UpstreamClient;

/// An answer whose head is here. Its body comes by next(); at the end the connection is kept for the next request.
class UpstreamStream {
 public:
  UpstreamStream(UpstreamStream&&) noexcept = default;
  UpstreamStream& operator=(UpstreamStream&&) = delete;

  [[nodiscard]] ResponseHead& head() { return reader_.head(); }
  /// Of the body, where the server said it beforehand.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return reader_.content_length(); }

  /// The next piece of the body as it arrives, valid until the next call; empty: that was all. No more calls after an
  /// Error.
  [[nodiscard]] Task<Result<std::string_view>> next();

 private:
  friend class UpstreamClient;
  UpstreamStream(UpstreamLease lease, const UpstreamClient& client, const UpstreamDeadlines& deadlines, bool to_head);

  /// On the connection it has, up to the answer's head.
  [[nodiscard]] Task<Result<void>> ask(std::string_view head, std::string_view body);
  [[nodiscard]] Task<Result<void>> receive(SteadyTime until);
  [[nodiscard]] Error give_up(Error why);
  [[nodiscard]] Error named(Error error) const;
  [[nodiscard]] Error lost(const boost::system::error_code& ec);

  UpstreamLease lease_;
  std::string origin_;
  UpstreamDeadlines deadlines_;
  ResponseReader reader_;
  std::string_view unread_;  // in the connection's buffer
  bool swallowed_ = false;   // the connection ended before a byte of an answer
};

class UpstreamClient {
 public:
  /// `tls` may be null for http alone.
  UpstreamClient(const Executor& executor, const UpstreamUrl& url, const UpstreamSettings& settings, TlsContextPtr tls);
  ~UpstreamClient() { close(); }
  UpstreamClient(const UpstreamClient&) = delete;
  UpstreamClient& operator=(const UpstreamClient&) = delete;

  /// The answer as a whole.
  [[nodiscard]] Task<Result<UpstreamResponse>> send(const UpstreamRequest& request, const UpstreamDeadlines& deadlines);

  /// The answer's head, and its body to be taken piece by piece. The total deadline holds for these as well.
  [[nodiscard]] Task<Result<UpstreamStream>> open(const UpstreamRequest& request, const UpstreamDeadlines& deadlines);

  /// Drops idle connections and keeps none from now on, so that the core can end. Requests under way go on.
  void close() { pool_->close(); }

  [[nodiscard]] const UpstreamUrl& url() const { return url_; }
  [[nodiscard]] PoolStats stats() const { return pool_->stats(); }

 private:
  friend class UpstreamStream;
  const UpstreamUrl url_;
  const UpstreamSettings settings_;
  const UpstreamPoolPtr pool_;
};

}  // namespace ragd::net
