#include "net/session.hpp"

#include "obs/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <tuple>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 inlines the frame's operator new, not its operator delete, and takes them for a mismatched pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace ragd::net {

namespace {

using ErrorCode = boost::system::error_code;

constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> kToken;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kKeptCapacity = 256ULL << 10;  // of an answer, kept for the next one
constexpr std::uint64_t kDrainedBody = 64ULL << 10;  // of an unread body that is read to keep the connection
constexpr std::uint64_t kLingerBytes = 32ULL << 20;
constexpr std::chrono::milliseconds kLingerTime{5'000};
constexpr std::chrono::milliseconds kDrainLingerTime{500};  // an answer has arrived by then, or never will
constexpr std::chrono::milliseconds kProbeTime{1'000};      // of each step, on a connection beyond the limit
constexpr std::chrono::milliseconds kProbeGrace{100};       // of all its steps, when others wait for its place

/// What is answered even when every ordinary connection is taken.
bool is_probe(std::string_view path) {
  constexpr std::array<std::string_view, 3> kProbes{"/health", "/health/ready", "/metrics"};
  return std::find(kProbes.begin(), kProbes.end(), path) != kProbes.end();
}

}  // namespace

Session::Session(SessionGroupPtr group, NewConnection connection)
    : ticket_(std::move(connection.ticket)),
      group_(std::move(group)),
      socket_(std::move(connection.socket)),
      probes_only_(connection.probes_only),
      reader_(exchange_.request) {
  exchange_.request.peer = connection.peer;
  exchange_.state = group_->handler().open();
  ErrorCode ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  place_ = group_->add(*this);
}

Session::~Session() {
  group_->remove(place_);
}

Task<void> Session::run() {
  Next next = Next::request;
  while (next == Next::request) {
    next = co_await serve_one();
  }
  if (next == Next::linger) {
    co_await linger();
  }
}

void Session::cut_if_late(SteadyTime now) {
  if (now < deadline_) return;
  late_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Session::close_if_idle() {
  leaving_ = true;
  ErrorCode ignored;
  if (idle_) socket_.cancel(ignored);
}

void Session::close_if_stalled_probe(SteadyTime now) {
  if (probes_only_ && now - opened_ >= kProbeGrace) abort();
}

void Session::abort() {
  aborted_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
}

Task<Session::Next> Session::serve_one() {
  wait_for_request();
  const Received head = co_await receive_head();
  if (head == Received::broken || (head != Received::data && idle_)) co_return Next::close;
  if (head == Received::late) violation_ = fail(Errc::request_timeout, "the head took too long");
  if (head == Received::end) violation_ = fail(Errc::bad_request, "the head ends in the middle");
  clear_deadline();
  if (!violation_) admit();
  if (!violation_ && admission_.proceed) {
    const Received body = co_await receive_body();
    if (body == Received::broken) {
      finish(0, false);
      co_return Next::close;
    }
    if (body == Received::late) violation_ = fail(Errc::request_timeout, "the body took too long");
    if (body == Received::end) violation_ = fail(Errc::bad_request, "the body ends in the middle");
    clear_deadline();
    if (!violation_) {
      co_await run_handler();
    }
  }
  if (violation_) reject();
  co_return co_await answer();
}

void Session::wait_for_request() {
  reader_.begin();
  exchange_.response.reset();
  violation_.reset();
  admission_ = {};
  output_.clear();
  if (output_.capacity() > kKeptCapacity) output_.shrink_to_fit();
  idle_ = true;
  if (reader_.has_bytes()) return note_first_byte();
  // A fresh connection has been opened for a request: it gets a head's time, not the patience for a next one.
  set_timeout(first_request_ ? group_->settings().header_timeout : group_->settings().idle_timeout);
}

void Session::note_first_byte() {
  idle_ = false;
  first_request_ = false;
  exchange_.request.first_byte = std::chrono::steady_clock::now();
  set_timeout(group_->settings().header_timeout, exchange_.request.first_byte);
}

/// Waits for bytes until the head is whole or its time is over; a violation is left in violation_.
Task<Session::Received> Session::receive_head() {
  for (;;) {
    if (!idle_) {
      const Result<bool> whole = reader_.read_head();
      if (whole.has_error()) violation_ = whole.error();
      if (whole.has_error() || *whole) co_return Received::data;
    }
    const Received received = co_await receive_some();
    if (received != Received::data && !take_last_bytes()) co_return received;
    if (idle_) note_first_byte();
  }
}

/// An idle connection that is closed for a drain may have received a request in that very moment: it is served.
bool Session::take_last_bytes() {
  if (!idle_ || !leaving_ || aborted_) return false;
  const std::span<char> room = reader_.room();
  ErrorCode ec;
  reader_.commit(socket_.read_some(boost::asio::buffer(room.data(), room.size()), ec));
  return reader_.has_bytes();
}

Task<Session::Received> Session::receive_body() {
  if (reader_.framing().expects_continue && reader_.missing() != 0) {
    const bool sent = co_await send(kContinue);
    if (!sent) co_return Received::broken;
  }
  set_timeout(group_->settings().body_timeout);
  for (;;) {
    const Result<bool> whole = reader_.read_body(admission_.max_body_bytes);
    if (whole.has_error()) violation_ = whole.error();
    if (whole.has_error() || *whole) co_return Received::data;
    const Received received = co_await receive_some();
    if (received != Received::data) co_return received;
  }
}

Task<Session::Received> Session::receive_some() {
  const std::span<char> room = reader_.room();
  const boost::asio::mutable_buffer buffer(room.data(), room.size());
  const auto result = co_await socket_.async_read_some(buffer, kToken);
  const ErrorCode ec = std::get<0>(result);
  reader_.commit(std::get<1>(result));
  if (aborted_) co_return Received::broken;
  if (late_) co_return Received::late;
  if (!ec) co_return Received::data;
  co_return ec == boost::asio::error::eof ? Received::end : Received::broken;
}

/// Within write_timeout. False: not all of it could be sent.
Task<bool> Session::send(std::string_view bytes) {
  ErrorCode ec;
  // The socket's buffer nearly always takes it all at once, without a trip through the reactor.
  std::size_t sent = socket_.write_some(boost::asio::buffer(bytes), ec);
  if (!ec && sent == bytes.size()) co_return true;
  if (ec == boost::asio::error::would_block) ec.clear();
  set_timeout(group_->settings().write_timeout);
  while (!ec && sent < bytes.size()) {
    const boost::asio::const_buffer rest = boost::asio::buffer(bytes.substr(sent));
    const auto result = co_await socket_.async_write_some(rest, kToken);
    ec = std::get<0>(result);
    sent += std::get<1>(result);
  }
  clear_deadline();
  co_return !ec;
}

void Session::admit() {
  if (probes_only_ && !is_probe(exchange_.request.path)) {
    violation_ = fail(Errc::overloaded, "the connection limit is reached");
    return;
  }
  try {
    admission_ = group_->handler().admit(exchange_);
  } catch (const std::exception& error) {
    answer_for_broken_handler(error.what());
    return;
  }
  const Framing& framing = reader_.framing();
  if (admission_.proceed && framing.body == BodyFraming::length && framing.content_length > admission_.max_body_bytes) {
    violation_ = fail(Errc::payload_too_large, "Content-Length beyond the limit");
  }
}

Task<void> Session::run_handler() {
  std::optional<std::string> failure;
  try {
    co_await group_->handler().handle(exchange_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (failure) answer_for_broken_handler(*failure);
}

void Session::reject() {
  exchange_.response.reset();
  try {
    group_->handler().reject(exchange_, *violation_);
  } catch (const std::exception& error) {
    answer_for_broken_handler(error.what());
  }
}

void Session::answer_for_broken_handler(const std::string& what) {
  obs::log(LogLevel::error, "the request handler threw", {{"error", std::string_view(what)}});
  HttpResponse& response = exchange_.response;
  response.reset();
  try {
    group_->handler().reject(exchange_, fail(Errc::internal, what));
  } catch (const std::exception&) {
    response.reset();
    response.status = 500;
    response.content_type = "application/problem+json";
    response.body = R"({"title":"Internal Server Error","status":500,"error":"Internal server error"})";
  }
  response.close = true;
}

Task<Session::Next> Session::answer() {
  const bool keep = may_keep_connection();
  const ResponseFraming framing{.head_request = exchange_.request.method == Method::head,
                                .close = !keep,
                                .announce_keep_alive = keep && reader_.is_http_1_0()};
  write_response(exchange_.response, framing, group_->date_line(), output_);
  const bool sent = co_await send(output_);
  finish(output_.size(), sent);
  if (!sent) {
    // What the client did not take in time is not left to the kernel to offer for minutes more.
    ErrorCode ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    co_return Next::close;
  }
  if (!keep) co_return Next::linger;
  co_return co_await drain_message();
}

bool Session::may_keep_connection() const {
  if (violation_ || exchange_.response.close || probes_only_ || leaving_ || aborted_) return false;
  const Framing& framing = reader_.framing();
  if (!framing.keep_alive || group_->handler().draining()) return false;
  const std::optional<std::uint64_t> missing = reader_.missing();
  if (!missing) return false;
  // Not told to continue, the client may send the body or not: only a body that is here has a known end.
  return *missing <= (framing.expects_continue ? 0 : kDrainedBody);
}

void Session::finish(std::size_t response_bytes, bool delivered) {
  const ExchangeEnd end{.last_byte = std::chrono::steady_clock::now(),
                        .request_body_bytes = exchange_.request.body.size(),
                        .response_bytes = response_bytes,
                        .delivered = delivered};
  try {
    group_->handler().finish(exchange_, end);
  } catch (const std::exception& error) {
    obs::log(LogLevel::error, "the request handler threw at the end", {{"error", std::string_view(error.what())}});
  }
}

/// Makes way for the next request; a refused one's body may still be on its way.
Task<Session::Next> Session::drain_message() {
  if (reader_.discard()) co_return Next::request;
  set_timeout(group_->settings().body_timeout);
  for (;;) {
    const Received received = co_await receive_some();
    if (received != Received::data) co_return Next::close;
    if (reader_.discard()) co_return Next::request;
  }
}

/// Closing with bytes unread would reset the connection, and the client might lose the answer just sent: wait, within
/// bounds, for the client to close first (RFC 9112, 9.6).
Task<void> Session::linger() {
  ErrorCode ec;
  socket_.shutdown(Tcp::socket::shutdown_send, ec);
  set_timeout(group_->handler().draining() ? kDrainLingerTime : kLingerTime);
  std::array<char, 4096> unread{};
  for (std::uint64_t count = 0; !ec && !late_ && !aborted_ && count < kLingerBytes;) {
    const boost::asio::mutable_buffer buffer = boost::asio::buffer(unread);
    const auto result = co_await socket_.async_read_some(buffer, kToken);
    ec = std::get<0>(result);
    count += std::get<1>(result);
  }
}

void Session::set_timeout(std::chrono::milliseconds timeout, SteadyTime from) {
  late_ = false;
  deadline_ = from + (probes_only_ ? std::min(timeout, kProbeTime) : timeout);
}

void Session::clear_deadline() {
  late_ = false;
  deadline_ = SteadyTime::max();
}

}  // namespace ragd::net
