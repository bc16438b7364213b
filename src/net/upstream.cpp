#include "net/upstream.hpp"

#include "base/ascii.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace ragd::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

bool is_safe_target(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// Whoever put line ends into a key or a path must not get to write a head of his own.
std::optional<Error> check(const UpstreamRequest& request) {
  if (!base::is_token(request.method)) return fail(Errc::internal, "a request's method is no token");
  if (!is_safe_target(request.target)) return fail(Errc::internal, "a request's target is not a path in ASCII");
  for (const auto& [name, value] : request.headers) {
    if (!base::is_token(name)) return fail(Errc::internal, "a request's header has no name");
    if (std::any_of(value.begin(), value.end(), base::is_control)) {
      return fail(Errc::internal, "a request's header '" + name + "' holds a control character");
    }
  }
  return std::nullopt;
}

std::string write_head(const UpstreamRequest& request, const std::string& authority) {
  std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  for (const auto& [name, value] : request.headers) bytes.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty()) {
    if (!find_header(request.headers, "Content-Type")) bytes.append("Content-Type: application/json\r\n");
    bytes.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return bytes.append("\r\n");
}

}  // namespace

UpstreamStream::UpstreamStream(UpstreamLease lease, const UpstreamClient& client, const UpstreamDeadlines& deadlines,
                               bool to_head)
    : lease_(std::move(lease)),
      origin_(client.url_.origin),
      deadlines_(deadlines),
      reader_(client.settings_.limits, to_head) {}

Task<Result<std::string_view>> UpstreamStream::next() {
  while (!lease_.is_over()) {
    const Result<std::string_view> piece = reader_.take(unread_);
    if (piece.has_error()) co_return give_up(named(piece.error()));
    if (!piece->empty()) co_return *piece;
    if (reader_.is_done()) break;
    const Result<void> received = co_await receive(deadlines_.total);
    if (received.has_error()) co_return give_up(received.error());
  }
  // Bytes behind the answer belong to no request: whatever the server means by them, it is not to be asked again.
  if (reader_.keeps_alive() && unread_.empty()) {
    lease_.keep();
  } else {
    lease_.give_up();
  }
  co_return std::string_view();
}

Task<Result<void>> UpstreamStream::ask(std::string_view head, std::string_view body) {
  const SteadyTime answered_by = std::min(deadlines_.total, std::chrono::steady_clock::now() + deadlines_.first_byte);
  const error_code unsent = co_await lease_.connection()->write(head, body, answered_by);
  if (unsent == asio::error::timed_out || unsent == asio::error::operation_aborted) co_return lost(unsent);
  // A server may have answered (413) before it had taken all: the answer is worth more than the broken pipe.
  while (!reader_.has_head()) {
    const Result<void> received = co_await receive(answered_by);
    if (received.has_error()) co_return received.error();
    const Result<std::string_view> taken = reader_.take(unread_);
    if (taken.has_error()) co_return named(taken.error());
  }
  co_return Result<void>();
}

/// More bytes, or the end of the answer where it may end with the connection.
Task<Result<void>> UpstreamStream::receive(SteadyTime until) {
  const UpstreamConnection::Received received = co_await lease_.connection()->read(until);
  unread_ = received.bytes;
  if (!received.error) co_return Result<void>();
  if (received.error != asio::error::eof || !reader_.has_head()) co_return lost(received.error);
  if (const std::optional<Error> error = reader_.end()) co_return named(*error);
  co_return Result<void>();
}

/// Nothing more can be read: where the answer ends is unknown.
Error UpstreamStream::give_up(Error why) {
  lease_.give_up();
  return why;
}

Error UpstreamStream::named(Error error) const {
  error.detail.insert(0, origin_ + " ");
  return error;
}

Error UpstreamStream::lost(const error_code& ec) {
  if (ec == asio::error::operation_aborted) return fail(Errc::canceled, origin_ + ": canceled");
  if (ec == asio::error::timed_out) {
    const bool own_limit = std::chrono::steady_clock::now() < deadlines_.total;
    return fail(own_limit ? Errc::unavailable : Errc::deadline_exceeded, origin_ + " " + std::string(kTooSlow));
  }
  swallowed_ = !reader_.has_begun();
  return fail(Errc::unavailable,
              origin_ + " closed the connection without a whole answer: " + lease_.connection()->explain(ec));
}

UpstreamClient::UpstreamClient(const Executor& executor, const UpstreamUrl& url, const UpstreamSettings& settings,
                               TlsContextPtr tls)
    : url_(url),
      settings_(settings),
      pool_(std::make_shared<UpstreamPool>(executor, url, settings.pool, std::move(tls))) {}

Task<Result<UpstreamStream>> UpstreamClient::open(const UpstreamRequest& request, const UpstreamDeadlines& deadlines) {
  if (const std::optional<Error> error = check(request)) co_return *error;
  const std::string head = write_head(request, url_.authority);
  UpstreamPoolPtr pool = pool_;
  Result<UpstreamLease> lease = co_await UpstreamPool::acquire(std::move(pool), deadlines.total);
  if (lease.has_error()) co_return lease.error();
  UpstreamStream stream(std::move(*lease), *this, deadlines, request.method == "HEAD");
  bool kept = stream.lease_.connection() != nullptr;
  for (;;) {  // twice at most: a connection made here is not a kept one
    if (!kept) {
      const SteadyTime connected_by = std::chrono::steady_clock::now() + deadlines.connect;
      const Result<void> connected = co_await stream.lease_.connect(connected_by, deadlines.total);
      if (connected.has_error()) co_return connected.error();
    }
    const Result<void> asked = co_await stream.ask(head, request.body);
    if (!asked.has_error()) co_return std::move(stream);
    if (!kept || !request.repeatable || !stream.swallowed_) co_return asked.error();
    kept = false;
  }
}

Task<Result<UpstreamResponse>> UpstreamClient::send(const UpstreamRequest& request,
                                                    const UpstreamDeadlines& deadlines) {
  Result<UpstreamStream> stream = co_await open(request, deadlines);
  if (stream.has_error()) co_return stream.error();
  UpstreamResponse response;
  response.status = stream->head().status;
  response.headers = std::move(stream->head().headers);
  response.body.reserve(static_cast<std::size_t>(stream->content_length().value_or(0)));
  for (;;) {
    const Result<std::string_view> piece = co_await stream->next();
    if (piece.has_error()) co_return piece.error();
    if (piece->empty()) break;
    response.body.append(*piece);
  }
  co_return response;
}

}  // namespace ragd::net
