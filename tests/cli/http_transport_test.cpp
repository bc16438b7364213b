#include "cli/http_transport.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

namespace ragd::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Answers one request with fixed bytes and keeps what it received.
class OneShotServer {
 public:
  explicit OneShotServer(std::string answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, generic, length), 0);
    EXPECT_EQ(getsockname(listener_, generic, &length), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneShotServer() {
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }
  OneShotServer(const OneShotServer&) = delete;
  OneShotServer& operator=(const OneShotServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Waits for the exchange to be over.
  std::string received() {
    thread_.join();
    return received_;
  }

 private:
  void serve() {
    const int peer = accept(listener_, nullptr, nullptr);
    std::array<char, 4096> buffer{};
    while (received_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = recv(peer, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      received_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    close(peer);
  }

  std::string answer_;
  int listener_;
  std::uint16_t port_ = 0;
  std::string received_;
  std::thread thread_;
};

constexpr std::chrono::seconds kTimeout{20};

TEST(HttpTransport, ShowsItsKeyAndHearsHowLongToWait) {
  OneShotServer server(
      "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  const auto transport = HttpTransport::make({server.url(), "the-key"}, kTimeout);
  ASSERT_TRUE(transport);
  const auto response = (*transport)->send({"GET", "/documents?limit=1", ""});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 429U);
  EXPECT_EQ(response->body, "{}");
  EXPECT_EQ(response->retry_after, std::chrono::seconds(17));
  const std::string request = server.received();
  EXPECT_THAT(request, HasSubstr("GET /documents?limit=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer the-key\r\n"));
}

TEST(HttpTransport, SendsNoKeyWhenThereIsNone) {
  OneShotServer server("HTTP/1.1 200 OK\r\nRetry-After: soon\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  const auto transport = HttpTransport::make({server.url(), ""}, kTimeout);
  ASSERT_TRUE(transport);
  const auto response = (*transport)->send({"GET", "/health", ""});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->retry_after, std::nullopt);
  EXPECT_THAT(server.received(), Not(HasSubstr("Authorization")));
}

TEST(HttpTransport, RefusesWhatItCannotUse) {
  EXPECT_THAT(HttpTransport::make({"localhost:8000", ""}, kTimeout).error().detail, testing::StartsWith("--url: "));
  EXPECT_EQ(HttpTransport::make({"http://h", "a\r\nX: y"}, kTimeout).error().detail, "--api-key: has a line end in it");
}

}  // namespace
}  // namespace ragd::cli
