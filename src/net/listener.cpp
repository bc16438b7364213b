#include "net/listener.hpp"

#include "base/ascii.hpp"
#include "net/client_address.hpp"
#include "obs/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <tuple>
#include <utility>

namespace ragd::net {

namespace {

using ErrorCode = boost::system::error_code;

constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> kToken;

constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::seconds kReportInterval{10};

Error bad_listen_address(std::string_view text, const std::string& why) {
  return fail(Errc::unprocessable, std::string("\'").append(text).append("\' ").append(why));
}

std::string to_text(const Tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

Error explain_bind(const ErrorCode& ec, const Tcp::endpoint& endpoint) {
  const std::string where = to_text(endpoint);
  if (ec == boost::asio::error::address_in_use) return fail(Errc::unavailable, where + " is already in use");
  if (ec == boost::asio::error::access_denied) return fail(Errc::unavailable, "no permission to listen on " + where);
  if (ec == boost::system::errc::address_not_available) {
    return fail(Errc::unavailable, where + " is not an address of this machine");
  }
  return fail(Errc::unavailable, "cannot listen on " + where + ": " + ec.message());
}

ErrorCode bind(Acceptor& acceptor, const Tcp::endpoint& endpoint) {
  ErrorCode ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(boost::asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(kBacklog, ec);
  return ec;
}

}  // namespace

Result<Tcp::endpoint> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_listen_address(text, "has no port (host:port is wanted)");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != end) {
    return bad_listen_address(text, "has no port from 0 to 65535 behind its last colon");
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  ErrorCode ec;
  const auto address = boost::asio::ip::make_address(std::string(host), ec);
  if (ec || address.is_v6() != bracketed) {
    return bad_listen_address(text, "has no IPv4 address, [IPv6 address] or localhost before its port");
  }
  return Tcp::endpoint(address, port);
}

Result<std::unique_ptr<Listener>> Listener::open(const std::string& listen, const HttpSettings& settings,
                                                 std::span<HttpHandler* const> handlers, IoThreads& threads,
                                                 obs::Metrics& metrics) {
  const Result<Tcp::endpoint> endpoint = parse_listen_address(listen);
  if (endpoint.has_error()) return endpoint.error();
  Acceptor acceptor(threads.context(0).get_executor());
  const ErrorCode ec = bind(acceptor, *endpoint);
  if (ec) return explain_bind(ec, *endpoint);
  return std::unique_ptr<Listener>(new Listener(std::move(acceptor), settings, handlers, threads, metrics));
}

Listener::Listener(Acceptor acceptor, const HttpSettings& settings, std::span<HttpHandler* const> handlers,
                   IoThreads& threads, obs::Metrics& metrics)
    : max_connections_(settings.max_connections),
      count_(std::make_shared<ConnectionCount>()),
      acceptor_users_(std::make_shared<ConnectionCount>()),
      acceptor_(std::move(acceptor)),
      pause_timer_(acceptor_.get_executor()),
      endpoint_(acceptor_.local_endpoint()) {
  ErrorCode ignored;
  acceptor_.non_blocking(true, ignored);
  for (std::size_t core = 0; core < threads.size(); ++core) {
    groups_.push_back(
        std::make_shared<SessionGroup>(threads.context(core).get_executor(), settings, *handlers[core], metrics));
  }
}

Listener::~Listener() {
  stop_accepting();
  static_cast<void>(acceptor_users_->wait_until_none(SteadyTime::max()));
  abort();
  static_cast<void>(wait_until_closed(SteadyTime::max()));
}

void Listener::start() {
  started_ = true;
  auto ended = [ticket = ConnectionTicket(acceptor_users_)](const std::exception_ptr& failure) {
    if (failure) obs::log(LogLevel::error, "accepting connections ended by an exception");
  };
  boost::asio::co_spawn(acceptor_.get_executor(), accept_connections(), std::move(ended));
}

void Listener::stop_accepting() {
  if (!started_) return;
  boost::asio::post(acceptor_.get_executor(), [this, ticket = ConnectionTicket(acceptor_users_)] {
    if (std::exchange(stopped_, true)) return;
    take_backlog();
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_timer_.cancel();
  });
}

void Listener::close_idle() {
  for (const SessionGroupPtr& group : groups_) {
    boost::asio::post(group->executor(), [group] { group->close_idle(); });
  }
}

void Listener::close_stalled_probes() {
  for (const SessionGroupPtr& group : groups_) {
    boost::asio::post(group->executor(), [group] { group->close_stalled_probes(); });
  }
}

void Listener::abort() {
  for (const SessionGroupPtr& group : groups_) {
    boost::asio::post(group->executor(), [group] { group->abort(); });
  }
}

Task<void> Listener::accept_connections() {
  while (!stopped_) {
    if (count_->value() >= max_connections_ + kProbeConnections) {
      close_stalled_probes();
      co_await pause();
      continue;
    }
    const SessionGroupPtr group = next_group();
    Socket socket(group->executor());
    Tcp::endpoint peer;
    const auto result = co_await acceptor_.async_accept(socket, peer, kToken);
    const ErrorCode ec = std::get<0>(result);
    if (!ec) {
      hand_over(group, std::move(socket), peer);
    } else if (ec != boost::asio::error::connection_aborted && !stopped_) {
      report_failure(ec);
      co_await pause();
    }
  }
}

/// Until a descriptor, a buffer or a connection's place may be free again; nothing announces that.
Task<void> Listener::pause() {
  pause_timer_.expires_after(kPause);
  co_await pause_timer_.async_wait(kToken);
}

/// Connections the kernel has completed would be reset by closing the listening socket; their clients may have sent.
void Listener::take_backlog() {
  for (int i = 0; i < kBacklog && count_->value() < max_connections_; ++i) {
    const SessionGroupPtr group = next_group();
    Socket socket(group->executor());
    Tcp::endpoint peer;
    ErrorCode ec;
    acceptor_.accept(socket, peer, ec);
    if (ec) return;
    hand_over(group, std::move(socket), peer);
  }
}

void Listener::hand_over(const SessionGroupPtr& group, Socket socket, const Tcp::endpoint& peer) {
  const bool probes_only = count_->value() >= max_connections_;
  SessionGroup::adopt(group, NewConnection{.socket = std::move(socket),
                                           .peer = unmapped(peer.address()),
                                           .probes_only = probes_only,
                                           .ticket = ConnectionTicket(count_)});
}

void Listener::report_failure(const ErrorCode& ec) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (last_report_ != SteadyTime::min() && now - last_report_ < kReportInterval) return;
  last_report_ = now;
  const std::string reason = ec.message();
  obs::log(LogLevel::error, "cannot accept connections, trying on", {{"error", std::string_view(reason)}});
}

const SessionGroupPtr& Listener::next_group() {
  next_ = (next_ + 1) % groups_.size();
  return groups_[next_];
}

}  // namespace ragd::net
