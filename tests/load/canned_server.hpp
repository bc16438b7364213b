// A server on a free port of 127.0.0.1 that answers as a test says: a thread for each connection, blocking, no more.
#pragma once

#include "load/target.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ragd::load {

class CannedServer {
 public:
  /// The answer's bytes for the n-th request (from 0) of all connections; "" is silence, nullopt closes the connection.
  using Handler = std::function<std::optional<std::string>(std::size_t n, std::string_view request)>;

  explicit CannedServer(Handler handler) : handler_(std::move(handler)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target_.size = sizeof address;
    std::memcpy(&target_.address, &address, sizeof address);
    ::bind(listener_, raw(target_), target_.size);
    ::listen(listener_, 1024);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&target_.address), &target_.size);
    acceptor_ = std::jthread([this] { accept_all(); });
  }

  ~CannedServer() {
    die();
    acceptor_.join();
    sessions_.clear();  // joins
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  /// From now on connections are refused, and those there are end.
  void die() {
    const std::lock_guard lock(mutex_);
    dead_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
  }

  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  static const sockaddr* raw(const Target& target) { return reinterpret_cast<const sockaddr*>(&target.address); }

  void accept_all() {
    while (true) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      const std::lock_guard lock(mutex_);
      if (fd < 0) return;
      connections_.push_back(fd);
      if (dead_) ::shutdown(fd, SHUT_RDWR);
      sessions_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string bytes;
    std::array<char, 65536> piece{};
    while (true) {
      const ssize_t received = ::recv(fd, piece.data(), piece.size(), 0);
      if (received <= 0) break;
      bytes.append(piece.data(), static_cast<std::size_t>(received));
      const std::size_t size = whole_request(bytes);
      if (size == 0) continue;
      const auto answer = handler_(requests_++, std::string_view(bytes).substr(0, size));
      bytes.erase(0, size);
      if (!answer) break;
      std::string_view rest = *answer;
      while (!rest.empty()) {
        const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
    ::shutdown(fd, SHUT_RDWR);  // closed with the server, so that its number is not given out again
  }

  /// The size of the request the bytes begin with; 0 when it is not whole yet.
  static std::size_t whole_request(std::string_view bytes) {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::size_t at = bytes.substr(0, end).find(kLength);
    const std::size_t body =
        at == std::string_view::npos ? 0 : std::strtoul(bytes.data() + at + kLength.size(), nullptr, 10);
    return end + 4 + body <= bytes.size() ? end + 4 + body : 0;
  }

  Handler handler_;
  Target target_;
  const int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::atomic<std::size_t> requests_{0};
  mutable std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::jthread> sessions_;
  bool dead_ = false;
  std::jthread acceptor_;
};

}  // namespace ragd::load
