#include "net/upstream_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <tuple>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 inlines the frame's operator new, not its operator delete, and takes them for a mismatched pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace ragd::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

using Stream = boost::beast::basic_stream<Tcp, Executor>;
using TlsStream = asio::ssl::stream<Stream&>;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kToken;
constexpr std::size_t kReadBytes = 16ULL << 10;

/// One way to say that a deadline has passed, whoever noticed.
ErrorCode simplified(const ErrorCode& ec) {
  return ec == boost::beast::error::timeout ? ErrorCode(asio::error::timed_out) : ec;
}

bool is_address(const std::string& host) {
  ErrorCode ec;
  asio::ip::make_address(host, ec);
  return !ec;
}

/// The server has to be who the URL says it is (RFC 9110, 4.3.4).
void expect_host(SSL* ssl, std::string host, bool verifies) {
  const bool address = is_address(host);
  // What the macro SSL_set_tlsext_host_name does, without its casts.
  if (!address) SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
  if (!verifies) return;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set1_host(ssl, host.c_str());
  }
}

/// Nothing lies between the socket and the last answer: what came with its last bytes would begin the next one.
bool has_read_all(SSL* ssl) {
  char byte = 0;
  ERR_clear_error();
  const int peeked = SSL_peek(ssl, &byte, 1);
  return peeked <= 0 && SSL_get_error(ssl, peeked) == SSL_ERROR_WANT_READ && SSL_has_pending(ssl) == 0;
}

}  // namespace

struct UpstreamConnection::Streams {
  explicit Streams(const Executor& executor) : stream(executor) {}
  ~Streams() {
    // OpenSSL would take a connection that ends without a farewell for a reason to forget its session.
    if (tls) SSL_set_shutdown(tls->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  Stream stream;
  std::optional<TlsStream> tls;
  std::unique_ptr<char[]> input = std::make_unique_for_overwrite<char[]>(kReadBytes);
};

UpstreamConnection::UpstreamConnection(const Executor& executor, const UpstreamUrl& url, const TlsContextPtr& tls,
                                       const TlsSession& resumed)
    : streams_(std::make_unique<Streams>(executor)) {
  if (!url.tls) return;
  streams_->tls.emplace(streams_->stream, tls->native());
  SSL* const ssl = streams_->tls->native_handle();
  expect_host(ssl, url.host, tls->verifies());
  if (resumed) SSL_set_session(ssl, resumed.get());
}

UpstreamConnection::~UpstreamConnection() = default;

Task<ErrorCode> UpstreamConnection::connect(std::vector<Tcp::endpoint> endpoints, SteadyTime deadline) {
  const ErrorCode ec = co_await connect_tcp(std::move(endpoints), deadline);
  if (ec || !streams_->tls) co_return ec;
  streams_->stream.expires_at(deadline);
  const auto shaken = co_await streams_->tls->async_handshake(asio::ssl::stream_base::client, kToken);
  co_return simplified(std::get<0>(shaken));
}

Task<ErrorCode> UpstreamConnection::connect_tcp(std::vector<Tcp::endpoint> endpoints, SteadyTime deadline) {
  Stream& stream = streams_->stream;
  ErrorCode ec = asio::error::host_not_found;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= deadline) co_return asio::error::timed_out;
    const auto left = static_cast<std::chrono::steady_clock::rep>(endpoints.size() - i);
    stream.expires_at(deadline == SteadyTime::max() ? deadline : now + (deadline - now) / left);
    const Tcp::endpoint endpoint = endpoints[i];
    const auto connected = co_await stream.async_connect(endpoint, kToken);
    ec = simplified(std::get<0>(connected));
    if (!ec || ec == asio::error::operation_aborted) break;
    stream.close();
  }
  if (!ec) {
    ErrorCode ignored;
    stream.socket().set_option(Tcp::no_delay(true), ignored);
  }
  co_return ec;
}

Task<ErrorCode> UpstreamConnection::write(std::string_view head, std::string_view body, SteadyTime deadline) {
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
  streams_->stream.expires_at(deadline);
  ErrorCode ec;
  if (streams_->tls) {
    const auto written = co_await asio::async_write(*streams_->tls, buffers, kToken);
    ec = std::get<0>(written);
  } else {
    const auto written = co_await asio::async_write(streams_->stream, buffers, kToken);
    ec = std::get<0>(written);
  }
  co_return simplified(ec);
}

Task<UpstreamConnection::Received> UpstreamConnection::read(SteadyTime deadline) {
  Received received;
  // A server that always has bytes ready would otherwise outlast the deadline: its reads never wait for the timer.
  if (std::chrono::steady_clock::now() >= deadline) {
    received.error = asio::error::timed_out;
    co_return received;
  }
  const asio::mutable_buffer room(streams_->input.get(), kReadBytes);
  streams_->stream.expires_at(deadline);
  std::size_t count = 0;
  if (streams_->tls) {
    const auto result = co_await streams_->tls->async_read_some(room, kToken);
    received.error = std::get<0>(result);
    count = std::get<1>(result);
  } else {
    const auto result = co_await streams_->stream.async_read_some(room, kToken);
    received.error = std::get<0>(result);
    count = std::get<1>(result);
  }
  received.error = simplified(received.error);
  received.bytes = {streams_->input.get(), count};
  co_return received;
}

bool UpstreamConnection::is_quiet() const {
  if (streams_->tls && !has_read_all(streams_->tls->native_handle())) return false;
  char byte = 0;
  const auto seen = ::recv(streams_->stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void UpstreamConnection::watch(std::function<void()> noticed) {
  streams_->stream.socket().async_wait(Tcp::socket::wait_read, [noticed = std::move(noticed)](const ErrorCode& ec) {
    if (!ec) noticed();
  });
}

void UpstreamConnection::unwatch() {
  ErrorCode ignored;
  streams_->stream.socket().cancel(ignored);
}

std::string UpstreamConnection::explain(const ErrorCode& error) const {
  if (streams_->tls && error.category() == asio::error::get_ssl_category()) {
    const long verdict = SSL_get_verify_result(streams_->tls->native_handle());
    if (verdict != X509_V_OK)
      return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verdict);
  }
  return error.message();
}

TlsSession UpstreamConnection::session() const {
  if (!streams_->tls) return nullptr;
  TlsSession session(SSL_get1_session(streams_->tls->native_handle()));
  if (session && SSL_SESSION_is_resumable(session.get()) == 0) session.reset();
  return session;
}

}  // namespace ragd::net
