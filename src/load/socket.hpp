// A non-blocking TCP socket, closed with its owner. For one thread.
#pragma once

#include "load/target.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <utility>

namespace ragd::load {

class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Begins to connect; errno as connect(2) leaves it: 0, EINPROGRESS or why not.
  int connect(const Target& target) {
    close();
    fd_ = ::socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return errno;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // The sockets API takes every family's address by this type.
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    return ::connect(fd_, address, target.size) == 0 ? 0 : errno;
  }

  /// The error a connect that was in progress ended with; 0 when it succeeded.
  [[nodiscard]] int pending_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace ragd::load
