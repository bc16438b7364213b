// A cached answer allocates nothing: a whole server in this process, a client on a raw socket, and every allocation of
// the core that answers counted.
#include <ragd/server.hpp>
#include <ragd/settings.hpp>

#include "app/hot_path/allocations.hpp"
#include "base/hash.hpp"
#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

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

/// Of the two cores the one that has nothing but connections: the other also asks the dependencies of /health/ready how
/// they are, once a second, and that allocates.
pid_t quiet_core() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(entry.path() / "comm") >> name;
    if (name == "ragd-core-1") return std::stoi(entry.path().filename());
  }
  ADD_FAILURE() << "no thread is named ragd-core-1";
  return 0;
}

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
    settings_.threads = 2;
    settings_.log_level = LogLevel::error;
    settings_.rate_limit.requests = 1'000'000;
    settings_.cors.origins = {"https://app.example.com"};
    auto started = Server::start(settings_);
    EXPECT_TRUE(started.has_value());
    server_ = std::move(*started);
  }

  /// A client whose connection lies on the quiet core: opening it allocates there.
  [[nodiscard]] std::unique_ptr<Client> connect() const {
    for (int i = 0; i < 100; ++i) {
      allocations::watch(quiet_core());
      auto client = std::make_unique<Client>(server_->port());
      client->ask(request("GET", "/health", "", ""));
      if (allocations::count() > 0) return client;
    }
    ADD_FAILURE() << "no connection came to the quiet core";
    return nullptr;
  }

  /// Of that core, while `times` answers are sent, after a few that may still grow what is kept.
  static std::uint64_t allocations_of(Client& client, const std::string& asked, std::string_view expected,
                                      int times = kTimes) {
    for (int i = 0; i < 100; ++i) EXPECT_NE(client.ask(asked).find(expected), std::string_view::npos);
    allocations::watch(quiet_core());
    int right = 0;
    for (int i = 0; i < times; ++i) right += client.ask(asked).find(expected) != std::string_view::npos ? 1 : 0;
    const std::uint64_t counted = allocations::count();
    EXPECT_EQ(right, times);
    return counted;
  }

  static constexpr int kTimes = 5'000;

  fakes::TemporaryFolder folder_;
  Settings settings_;
  std::unique_ptr<Server> server_;
};

TEST_F(HotPath, ACachedAnswerAllocatesNothing) {
  const auto client = connect();
  ASSERT_NE(
      client->ask(post("/documents", R"({"documents":[{"id":"a","text":"The harbour of Rostock opens at six."}]})"))
          .find("200 OK"),
      std::string_view::npos);
  const std::string asked = post("/query", R"({"question":"When does the harbour of Rostock open?"})");
  client->ask(asked);
  EXPECT_EQ(allocations_of(*client, asked, "ragd; hit"), 0U);
  const std::string traced = request("POST", "/query",
                                     "Content-Type: application/json\r\nOrigin: https://app.example.com\r\n"
                                     "X-Request-Id: 0123456789-0123456789-0123456789\r\n"
                                     "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
                                     R"({"question":"When does the harbour of Rostock open?"})");
  EXPECT_EQ(allocations_of(*client, traced, "ragd; hit"), 0U);
}

TEST_F(HotPath, NorDoesOneForAnApiKey) {
  start_with_key("secret");
  const auto client = connect();
  const std::string headers = "Content-Type: application/json\r\nAuthorization: Bearer secret\r\n";
  client->ask(
      request("POST", "/documents", headers, R"({"documents":[{"id":"a","text":"The harbour opens at six."}]})"));
  const std::string asked = request("POST", "/query", headers, R"({"question":"When does the harbour open?"})");
  client->ask(asked);
  EXPECT_EQ(allocations_of(*client, asked, "ragd; hit"), 0U);
}

TEST_F(HotPath, AProbeAllocatesNothing) {
  const auto client = connect();
  EXPECT_EQ(allocations_of(*client, request("GET", "/health", "", ""), "healthy"), 0U);
}

TEST_F(HotPath, NorDoTheOthersWhereManyAsk) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(connect());
  const std::string asked = request("GET", "/health", "", "");
  const auto ask_all = [&] {
    for (const auto& client : clients) EXPECT_NE(client->ask(asked).find("healthy"), std::string_view::npos);
  };
  for (int i = 0; i < 10; ++i) ask_all();
  allocations::watch(quiet_core());
  for (int i = 0; i < 100; ++i) ask_all();
  EXPECT_EQ(allocations::count(), 0U);
}

TEST_F(HotPath, AFreshAnswerIsSeenToAllocate) {
  const auto client = connect();
  const std::string fresh = post("/query", R"({"question":"When does it open?","cache":"bypass"})");
  EXPECT_GT(allocations_of(*client, fresh, "fwd=bypass", 100), 500U);
}

TEST(Allocations, AreSeenOfEveryFunction) {
  const auto seen = [](auto allocate) {
    allocations::watch(::gettid());
    void* volatile memory = allocate();  // volatile: else the pair is optimised away
    const std::uint64_t counted = allocations::count();
    std::free(memory);
    return counted;
  };
  EXPECT_GE(seen([] { return std::malloc(100); }), 1U);
  EXPECT_GE(seen([] { return std::calloc(10, 10); }), 1U);
  EXPECT_GE(seen([] { return std::realloc(nullptr, 100); }), 1U);
  EXPECT_GE(seen([] { return std::aligned_alloc(64, 128); }), 1U);
  EXPECT_GE(seen([] {
              void* memory = nullptr;
              return ::posix_memalign(&memory, 64, 128) == 0 ? memory : nullptr;
            }),
            1U);
  allocations::watch(::gettid());
  const auto by_new = std::make_unique<std::string>(100, 'x');
  EXPECT_GE(allocations::count(), 2U);
}

TEST(Allocations, OfOtherThreadsAreNot) {
  const pid_t self = ::gettid();
  std::string text;
  std::jthread other([&] {
    allocations::watch(self);
    text.assign(1000, 'x');
  });
  other.join();
  EXPECT_EQ(text.size(), 1000U);
  EXPECT_EQ(allocations::count(), 0U);
}

}  // namespace
}  // namespace ragd
