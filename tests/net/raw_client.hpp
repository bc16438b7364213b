// A client that sends exactly the bytes it is told to, and waits for answers with a limit that only a hang reaches.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

struct RawAnswer {
  unsigned status = 0;
  std::string head;
  std::string body;
  [[nodiscard]] bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval hang{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof hang);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &hang, sizeof hang);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  /// False: the server no longer takes bytes.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// True: an answer or the end is there, within the time.
  [[nodiscard]] bool readable_within(int milliseconds) {
    pollfd wanted{fd_, POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) == 1;
  }

  /// No more bytes will come.
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// Closes with an RST.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  /// The next answer, interim ones included; status 0 when the connection ends first.
  RawAnswer read_answer(bool to_head = false) {
    RawAnswer answer;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return answer;
    }
    answer.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    if (answer.head.starts_with("HTTP/1.1 ")) {
      std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    }
    std::size_t length = 0;
    const std::string_view name = "Content-Length: ";
    if (const std::size_t at = answer.head.find(name); at != std::string::npos && !to_head) {
      std::from_chars(answer.head.data() + at + name.size(), answer.head.data() + answer.head.size(), length);
    }
    while (received_.size() < length) {
      if (!fill()) break;
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, answer.body.size());
    return answer;
  }

  /// The statuses of all further answers. Afterwards ended() says whether the server closed.
  std::vector<unsigned> read_statuses() {
    std::vector<unsigned> statuses;
    for (;;) {
      const RawAnswer answer = read_answer();
      if (answer.status == 0) return statuses;
      statuses.push_back(answer.status);
    }
  }

  /// True: the server closes without a further byte. Waits for that.
  bool is_closed() { return received_.empty() && !fill(); }

  /// True: the last read found the connection closed or reset, not hanging.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  bool fill() {
    std::array<char, 16384> bytes{};
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (count > 0) {
      received_.append(bytes.data(), static_cast<std::size_t>(count));
      return true;
    }
    ended_ = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    EXPECT_TRUE(ended_) << "the server neither answered nor closed";
    return false;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

}  // namespace ragd::net
