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

constexpr std::uint64_t kLingerBytes = 32ULL << 20;
constexpr std::chrono::milliseconds kLingerTime{5'000};
constexpr std::chrono::milliseconds kDrainLingerTime{500};  // an answer has arrived by then, or never will
constexpr std::chrono::milliseconds kProbeGrace{100};       // of all its steps, when others wait for its place

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
  begin_message();
  Wait wait = Wait::bytes;
  while (wait != Wait::nothing) {
    if (wait == Wait::bytes) {
      const std::span<char> room = reader_.room();
      const boost::asio::mutable_buffer buffer(room.data(), room.size());
      const auto result = co_await socket_.async_read_some(buffer, kToken);
      wait = after_read(std::get<0>(result), std::get<1>(result));
    } else if (wait == Wait::room) {
      const boost::asio::const_buffer rest = boost::asio::buffer(unsent_);
      const auto result = co_await socket_.async_write_some(rest, kToken);
      wait = after_write(std::get<0>(result), std::get<1>(result));
    } else if (wait == Wait::handler) {
      co_await run_handler();
      wait = after_handler();
    } else {
      co_await linger();
      wait = Wait::nothing;
    }
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

Task<void> Session::run_handler() {
  std::optional<std::string> failure;
  try {
    co_await group_->handler().handle(exchange_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (failure) answer_for_broken_handler(*failure);
}

/// Closing with bytes unread would reset the connection, and the client might lose the answer just sent: wait, within
/// bounds, for the client to close first (RFC 9112, 9.6).
Task<void> Session::linger() {
  ErrorCode ec;
  socket_.shutdown(Tcp::socket::shutdown_send, ec);
  set_timeout(group_->handler().draining() ? kDrainLingerTime : kLingerTime, now_);
  std::array<char, 4096> unread{};
  for (std::uint64_t count = 0; !ec && !late_ && !aborted_ && count < kLingerBytes;) {
    const boost::asio::mutable_buffer buffer = boost::asio::buffer(unread);
    const auto result = co_await socket_.async_read_some(buffer, kToken);
    ec = std::get<0>(result);
    count += std::get<1>(result);
  }
}

}  // namespace ragd::net
