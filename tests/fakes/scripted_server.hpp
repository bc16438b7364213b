// A server on a free port of loopback that does with each connection what the test's script says: a thread for each,
// blocking, plain or over TLS. A script that waits in vain gives up after 20 seconds, which only a hang reaches.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ragd::fakes {

/// The server's end of one connection.
class Peer {
 public:
  Peer(int fd, SSL_CTX* tls) : fd_(fd) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd);
    shaken_ = SSL_accept(ssl_) == 1;
  }
  ~Peer() { SSL_free(ssl_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// One request with its body; empty: the client has closed, or its handshake failed.
  std::string read_request() {
    std::size_t size = 0;
    while ((size = whole_request(received_)) == 0) {
      if (!fill()) return {};
    }
    std::string request = received_.substr(0, size);
    received_.erase(0, size);
    return request;
  }

  /// False: the client no longer takes bytes.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                           : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads one request and answers it.
  bool answer(std::string_view bytes) { return !read_request().empty() && send(bytes); }

  /// Takes all that comes until the client closes. False: it has not.
  bool wait_for_close() {
    while (fill()) received_.clear();
    return closed_;
  }

  /// TLS's own farewell; the script's end closes the connection.
  void say_goodbye() { SSL_shutdown(ssl_); }
  /// Ends with an RST.
  void reset() const {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_) == 1; }
  [[nodiscard]] bool shaken() const { return shaken_; }
  [[nodiscard]] std::string server_name() const {
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }

 private:
  bool fill() {
    std::array<char, 65536> piece{};
    const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, piece.data(), static_cast<int>(piece.size()))
                                          : ::recv(fd_, piece.data(), piece.size(), 0);
    if (count > 0) {
      received_.append(piece.data(), static_cast<std::size_t>(count));
      return true;
    }
    closed_ = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return false;
  }

  static std::size_t whole_request(std::string_view bytes) {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::size_t at = bytes.substr(0, end).find(kLength);
    const std::size_t body =
        at == std::string_view::npos ? 0 : std::strtoul(bytes.data() + at + kLength.size(), nullptr, 10);
    return end + 4 + body <= bytes.size() ? end + 4 + body : 0;
  }

  const int fd_;
  SSL* ssl_ = nullptr;
  bool shaken_ = false;
  bool closed_ = false;
  std::string received_;
};

class ScriptedServer {
 public:
  /// Runs in the connection's thread; `n` counts the connections from 0. When it returns, the connection is closed.
  using Script = std::function<void(Peer& peer, std::size_t n)>;

  explicit ScriptedServer(Script script, SSL_CTX* tls = nullptr, int family = AF_INET)
      : script_(std::move(script)), tls_(tls), listener_(::socket(family, SOCK_STREAM, 0)) {
    sockaddr_storage address{};
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (family == AF_INET) {
      sockaddr_in loopback{};
      loopback.sin_family = AF_INET;
      loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::memcpy(&address, &loopback, sizeof loopback);
    } else {
      sockaddr_in6 loopback{};
      loopback.sin6_family = AF_INET6;
      loopback.sin6_addr = in6addr_loopback;
      std::memcpy(&address, &loopback, sizeof loopback);
    }
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    listening_ = ::bind(listener_, generic, size) == 0 && ::listen(listener_, 1024) == 0;
    ::getsockname(listener_, generic, &size);
    sockaddr_in either{};  // the port lies at the same place in both
    std::memcpy(&either, &address, sizeof either);
    port_ = ntohs(either.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    stop();
    for (std::thread& session : sessions_) session.join();
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// From now on connections are refused; those there are end.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
    }
    acceptor_.join();
  }

  [[nodiscard]] bool listening() const { return listening_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }
  /// Waits until the scripts of that many connections have come to their end.
  void await_ends(std::size_t count) {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return ends_ >= count; });
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      const std::lock_guard lock(mutex_);
      if (fd < 0) return;
      const int on = 1;
      const timeval hang{20, 0};
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof hang);
      ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &hang, sizeof hang);
      const std::size_t n = connections_.size();
      connections_.push_back(fd);
      if (stopped_) ::shutdown(fd, SHUT_RDWR);
      sessions_.emplace_back([this, fd, n] { serve(fd, n); });
    }
  }

  void serve(int fd, std::size_t n) {
    // OpenSSL writes without MSG_NOSIGNAL: in this thread alone a client that has gone must not end the program.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    {
      Peer peer(fd, tls_);
      script_(peer, n);
    }
    const std::lock_guard lock(mutex_);
    ++ends_;
    ended_.notify_all();
    end(fd, n);
  }

  /// The number of the descriptor must not be given out again while stop() may still shut it down.
  void end(int fd, std::size_t n) {
    linger now{};
    socklen_t size = sizeof now;
    ::getsockopt(fd, SOL_SOCKET, SO_LINGER, &now, &size);
    if (now.l_onoff == 0) {
      ::shutdown(fd, SHUT_RDWR);
      return;
    }
    ::close(fd);
    connections_[n] = -1;
  }

  const Script script_;
  SSL_CTX* const tls_;
  const int listener_;
  bool listening_ = false;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<int> connections_;
  std::vector<std::thread> sessions_;
  std::size_t ends_ = 0;
  bool stopped_ = false;
  std::thread acceptor_;
};

}  // namespace ragd::fakes
