// A cached answer allocates nothing: a whole server in this process, a client on a raw socket, and every allocation of
// the process counted.
#include <ragd/server.hpp>
#include <ragd/settings.hpp>

#include "base/hash.hpp"
#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return or_throw(counted(size));
}
void* operator new[](std::size_t size) {
  return or_throw(counted(size));
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return counted(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace ragd {
namespace {

/// Sends and receives in memory it has from the start.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    received_.reserve(1 << 16);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The answer as it came; valid until the next one.
  std::string_view ask(std::string_view request) {
    EXPECT_EQ(::send(fd_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    std::size_t size = 0;
    for (;;) {
      received_.resize(1 << 16);
      const ssize_t count = ::recv(fd_, received_.data() + size, received_.size() - size, 0);
      if (count <= 0) return {};
      size += static_cast<std::size_t>(count);
      const std::string_view bytes(received_.data(), size);
      const std::size_t head = bytes.find("\r\n\r\n");
      if (head == std::string_view::npos) continue;
      const std::size_t length = bytes.find("Content-Length: ") + 16;
      if (size == head + 4 + std::strtoul(received_.data() + length, nullptr, 10)) return bytes;
    }
  }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::string received_;
};

std::string request(std::string_view method, std::string_view path, std::string_view headers, std::string_view body) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string post(std::string_view path, std::string_view body) {
  return request("POST", path, "Content-Type: application/json\r\n", body);
}

class HotPath : public testing::Test {
 protected:
  HotPath() { start(); }

  /// Asks for `key` from now on.
  void start_with_key(const std::string& key) {
    server_.reset();
    settings_.auth.keys_file = folder_.write(
        "keys", "a-key-with-a-name-of-some-length " + base::sha256_hex(key) + " query,ingest a-tenant-of-its-own");
    start();
  }

  void start() {
    settings_.listen = "127.0.0.1:0";
    settings_.data_dir = folder_.path();
    settings_.threads = 1;
    settings_.log_level = LogLevel::error;
    settings_.rate_limit.requests = 1'000'000;
    settings_.cors.origins = {"https://app.example.com"};
    auto started = Server::start(settings_);
    EXPECT_TRUE(started.has_value());
    server_ = std::move(*started);
  }

  /// Of the whole process, while `times` answers are sent. The background has a few of its own.
  std::uint64_t allocations_of(Client& client, const std::string& asked, std::string_view expected, int times) {
    for (int i = 0; i < 10; ++i) EXPECT_NE(client.ask(asked).find(expected), std::string_view::npos);
    const std::uint64_t before = allocations.load();
    int right = 0;
    for (int i = 0; i < times; ++i) right += client.ask(asked).find(expected) != std::string_view::npos ? 1 : 0;
    const std::uint64_t counted = allocations.load() - before;
    EXPECT_EQ(right, times);
    return counted;
  }

  fakes::TemporaryFolder folder_;
  Settings settings_;
  std::unique_ptr<Server> server_;
};

TEST_F(HotPath, ACachedAnswerAllocatesNothing) {
  Client client(server_->port());
  ASSERT_NE(
      client.ask(post("/documents", R"({"documents":[{"id":"a","text":"The harbour of Rostock opens at six."}]})"))
          .find("200 OK"),
      std::string_view::npos);
  const std::string asked = post("/query", R"({"question":"When does the harbour of Rostock open?"})");
  client.ask(asked);
  constexpr int kTimes = 2'000;
  EXPECT_LT(allocations_of(client, asked, "ragd; hit", kTimes), kTimes / 10);
  const std::string traced = request("POST", "/query",
                                     "Content-Type: application/json\r\nOrigin: https://app.example.com\r\n"
                                     "X-Request-Id: 0123456789-0123456789-0123456789\r\n"
                                     "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
                                     R"({"question":"When does the harbour of Rostock open?"})");
  EXPECT_LT(allocations_of(client, traced, "ragd; hit", kTimes), kTimes / 10);
}

TEST_F(HotPath, NorDoesOneForAnApiKey) {
  start_with_key("secret");
  Client client(server_->port());
  const std::string headers = "Content-Type: application/json\r\nAuthorization: Bearer secret\r\n";
  client.ask(
      request("POST", "/documents", headers, R"({"documents":[{"id":"a","text":"The harbour opens at six."}]})"));
  const std::string asked = request("POST", "/query", headers, R"({"question":"When does the harbour open?"})");
  client.ask(asked);
  constexpr int kTimes = 2'000;
  EXPECT_LT(allocations_of(client, asked, "ragd; hit", kTimes), kTimes / 10);
}

TEST_F(HotPath, AProbeAllocatesNothing) {
  Client client(server_->port());
  constexpr int kTimes = 2'000;
  EXPECT_LT(allocations_of(client, request("GET", "/health", "", ""), "healthy", kTimes), kTimes / 10);
}

TEST_F(HotPath, TheCounterCounts) {
  Client client(server_->port());
  constexpr int kTimes = 200;
  const std::string fresh = post("/query", R"({"question":"When does it open?","cache":"bypass"})");
  EXPECT_GT(allocations_of(client, fresh, "fwd=bypass", kTimes), kTimes * 5);
}

}  // namespace
}  // namespace ragd
