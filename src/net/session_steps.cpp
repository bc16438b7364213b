// The steps of a message, from its first byte to the next message: all that a session does without waiting.
#include "net/session.hpp"
#include "obs/log.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace ragd::net {

namespace {

using ErrorCode = boost::system::error_code;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kKeptCapacity = 64ULL << 10;      // of an answer, kept for the next one
constexpr std::uint64_t kDrainedBody = 64ULL << 10;     // of an unread body that is read to keep the connection
constexpr std::chrono::milliseconds kProbeTime{1'000};  // of each step, on a connection beyond the limit

/// What is answered even when every ordinary connection is taken.
bool is_probe(std::string_view path) {
  constexpr std::array<std::string_view, 3> kProbes{"/health", "/health/ready", "/metrics"};
  return std::find(kProbes.begin(), kProbes.end(), path) != kProbes.end();
}

/// A large answer's memory is not kept for the small ones that follow.
void shrink(std::string& text) {
  if (text.capacity() > kKeptCapacity) std::string().swap(text);
}

}  // namespace

void Session::begin_message() {
  reader_.begin();
  exchange_.response.reset();
  violation_.reset();
  admission_ = {};
  shrink(output_);
  shrink(exchange_.response.body);
  phase_ = Phase::head;
  idle_ = true;
  if (reader_.has_bytes()) return note_first_byte();
  // A fresh connection has been opened for a request: it gets a head's time, not the patience for a next one.
  set_timeout(first_request_ ? group_->settings().header_timeout : group_->settings().idle_timeout, now_);
}

void Session::note_first_byte() {
  idle_ = false;
  first_request_ = false;
  exchange_.request.first_byte = now_;
  set_timeout(group_->settings().header_timeout, now_);
}

Session::Wait Session::advance() {
  for (;;) {
    std::optional<Wait> wait;
    switch (phase_) {
      case Phase::head:
        wait = read_head();
        break;
      case Phase::body:
        wait = read_body();
        break;
      case Phase::handler:
        wait = handle();
        break;
      case Phase::interim:
      case Phase::answer:
        wait = send();
        break;
      case Phase::rest:
        wait = drop_rest();
        break;
    }
    if (wait) return *wait;
  }
}

std::optional<Session::Wait> Session::read_head() {
  if (idle_) return Wait::bytes;
  const Result<bool> whole = reader_.read_head();
  if (whole.has_error()) {
    refuse(whole.error());
    return std::nullopt;
  }
  if (!*whole) return Wait::bytes;
  return admit();
}

std::optional<Session::Wait> Session::admit() {
  clear_deadline();
  if (probes_only_ && !is_probe(exchange_.request.path)) {
    refuse(fail(Errc::overloaded, "the connection limit is reached"));
    return std::nullopt;
  }
  try {
    admission_ = group_->handler().admit(exchange_);
  } catch (const std::exception& error) {
    answer_for_broken_handler(error.what());
    admission_ = {};
  }
  if (!admission_.proceed) {
    write_answer();
    return std::nullopt;
  }
  const Framing& framing = reader_.framing();
  if (framing.body == BodyFraming::length && framing.content_length > admission_.max_body_bytes) {
    refuse(fail(Errc::payload_too_large, "Content-Length beyond the limit"));
    return std::nullopt;
  }
  if (framing.expects_continue && reader_.missing() != 0) {
    unsent_ = kContinue;
    phase_ = Phase::interim;
  } else {
    begin_body();
  }
  return std::nullopt;
}

void Session::begin_body() {
  set_timeout(group_->settings().body_timeout, now_);
  phase_ = Phase::body;
}

std::optional<Session::Wait> Session::read_body() {
  const Result<bool> whole = reader_.read_body(admission_.max_body_bytes);
  if (whole.has_error()) {
    refuse(whole.error());
    return std::nullopt;
  }
  if (!*whole) return Wait::bytes;
  clear_deadline();
  phase_ = Phase::handler;
  return std::nullopt;
}

std::optional<Session::Wait> Session::handle() {
  exchange_.request.last_byte = now_;
  try {
    if (!group_->handler().answer_at_once(exchange_)) return Wait::handler;
  } catch (const std::exception& error) {
    answer_for_broken_handler(error.what());
  }
  write_answer();
  return std::nullopt;
}

Session::Wait Session::after_handler() {
  now_ = std::chrono::steady_clock::now();
  write_answer();
  return advance();
}

void Session::refuse(Error error) {
  clear_deadline();
  violation_ = std::move(error);
  exchange_.response.reset();
  try {
    group_->handler().reject(exchange_, *violation_);
  } catch (const std::exception& bug) {
    answer_for_broken_handler(bug.what());
  }
  write_answer();
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

void Session::write_answer() {
  keep_ = may_keep_connection();
  const ResponseFraming framing{.head_request = exchange_.request.method == Method::head,
                                .close = !keep_,
                                .announce_keep_alive = keep_ && reader_.is_http_1_0()};
  write_response(exchange_.response, framing, group_->date_line(), output_);
  unsent_ = output_;
  phase_ = Phase::answer;
}

/// The socket's buffer nearly always takes it all at once, without a trip through the reactor.
std::optional<Session::Wait> Session::send() {
  ErrorCode ec;
  unsent_.remove_prefix(socket_.write_some(boost::asio::buffer(unsent_), ec));
  const bool interim = phase_ == Phase::interim;
  if (unsent_.empty() || (ec && ec != boost::asio::error::would_block)) {
    return interim ? after_interim(!ec) : after_answer(!ec);
  }
  if (deadline_ == SteadyTime::max()) set_timeout(group_->settings().write_timeout, std::chrono::steady_clock::now());
  return Wait::room;
}

Session::Wait Session::after_write(const ErrorCode& ec, std::size_t count) {
  now_ = std::chrono::steady_clock::now();
  unsent_.remove_prefix(count);
  if (!ec && !unsent_.empty()) return Wait::room;
  const std::optional<Wait> wait = phase_ == Phase::interim ? after_interim(!ec) : after_answer(!ec);
  return wait ? *wait : advance();
}

std::optional<Session::Wait> Session::after_interim(bool delivered) {
  if (!delivered) {
    finish(0, false);
    return Wait::nothing;
  }
  begin_body();
  return std::nullopt;
}

std::optional<Session::Wait> Session::after_answer(bool delivered) {
  clear_deadline();
  finish(output_.size(), delivered);
  if (!delivered) {
    // What the client did not take in time is not left to the kernel to offer for minutes more.
    ErrorCode ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    return Wait::nothing;
  }
  if (!keep_) return Wait::linger;
  phase_ = Phase::rest;
  set_timeout(group_->settings().body_timeout, now_);
  return std::nullopt;
}

/// Makes way for the next request; a refused one's body may still be on its way.
std::optional<Session::Wait> Session::drop_rest() {
  if (!reader_.discard()) return Wait::bytes;
  begin_message();
  return std::nullopt;
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
  now_ = std::chrono::steady_clock::now();
  const ExchangeEnd end{.last_byte = now_,
                        .request_body_bytes = exchange_.request.body.size(),
                        .response_bytes = response_bytes,
                        .delivered = delivered};
  try {
    group_->handler().finish(exchange_, end);
  } catch (const std::exception& error) {
    obs::log(LogLevel::error, "the request handler threw at the end", {{"error", std::string_view(error.what())}});
  }
}

Session::Wait Session::after_read(const ErrorCode& ec, std::size_t count) {
  now_ = std::chrono::steady_clock::now();
  reader_.commit(count);
  const Received received = judge(ec);
  if (received == Received::data || (phase_ == Phase::head && take_last_bytes())) {
    if (idle_) note_first_byte();
    return advance();
  }
  if (phase_ == Phase::head) return lose_head(received);
  if (phase_ == Phase::body) return lose_body(received);
  return Wait::nothing;  // the rest of a refused body: whoever sent it has had the answer
}

Session::Received Session::judge(const ErrorCode& ec) const {
  if (aborted_) return Received::broken;
  if (late_) return Received::late;
  if (!ec) return Received::data;
  return ec == boost::asio::error::eof ? Received::end : Received::broken;
}

/// An idle connection that is closed for a drain may have received a request in that very moment: it is served.
bool Session::take_last_bytes() {
  if (!idle_ || !leaving_ || aborted_) return false;
  const std::span<char> room = reader_.room();
  ErrorCode ec;
  reader_.commit(socket_.read_some(boost::asio::buffer(room.data(), room.size()), ec));
  return reader_.has_bytes();
}

Session::Wait Session::lose_head(Received received) {
  if (received == Received::broken || idle_) return Wait::nothing;
  refuse(received == Received::late ? fail(Errc::request_timeout, "the head took too long")
                                    : fail(Errc::bad_request, "the head ends in the middle"));
  return advance();
}

Session::Wait Session::lose_body(Received received) {
  if (received == Received::broken) {
    finish(0, false);
    return Wait::nothing;
  }
  refuse(received == Received::late ? fail(Errc::request_timeout, "the body took too long")
                                    : fail(Errc::bad_request, "the body ends in the middle"));
  return advance();
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
