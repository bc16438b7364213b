// Names that resolve as the test says: this binary's getaddrinfo stands before the C library's.
#include "net/upstream_resolver.hpp"

#include "net/upstream_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <netdb.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>

namespace {

/// A name server that answers when the test lets it.
class NameServer {
 public:
  void hang() {
    const std::lock_guard lock(mutex_);
    hanging_ = true;
    questions_ = 0;
  }
  void answer() {
    const std::lock_guard lock(mutex_);
    hanging_ = false;
    changed_.notify_all();
  }
  void ask() {
    std::unique_lock lock(mutex_);
    ++questions_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hanging_; });
  }
  void await_question() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return questions_ > 0; });
  }
  [[nodiscard]] int questions() {
    const std::lock_guard lock(mutex_);
    return questions_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool hanging_ = false;
  int questions_ = 0;
};

NameServer& name_server() {
  static NameServer server;
  return server;
}

using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
  static const auto real = reinterpret_cast<GetAddrInfo>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view name = host == nullptr ? "" : host;
  if (name == "slow.test") {
    name_server().ask();
    return real("127.0.0.1", service, hints, result);
  }
  if (name == "two.test") {
    // Nobody listens at the first one.
    addrinfo* second = nullptr;
    if (const int error = real("127.0.0.2", service, hints, result); error != 0) return error;
    if (const int error = real("127.0.0.1", service, hints, &second); error != 0) return error;
    addrinfo* last = *result;
    while (last->ai_next != nullptr) last = last->ai_next;
    last->ai_next = second;
    return 0;
  }
  return real(host, service, hints, result);
}

namespace ragd::net {
namespace {

using fakes::Peer;
using fakes::ScriptedServer;
using testing::HasSubstr;

void answer_all(Peer& peer, std::size_t /*n*/) {
  while (peer.answer(answer_of("ok"))) {
  }
}

class UpstreamResolverTest : public Upstream {
 protected:
  ~UpstreamResolverTest() override { name_server().answer(); }
  void connect_to(const std::string& host) {
    connect(UpstreamUrl::parse("http://" + host + ":" + std::to_string(server_.port())).value());
  }
  ScriptedServer server_{answer_all};
};

TEST_F(UpstreamResolverTest, FindsAHostByItsName) {
  connect_to("localhost");
  const Response response = send();
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->body, "ok");
}

TEST_F(UpstreamResolverTest, SaysThatThereIsNoSuchHost) {
  connect_to("no.such.host.invalid");
  const Response response = send();
  ASSERT_TRUE(response.has_error());
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_THAT(response.error().detail, HasSubstr("cannot reach http://no.such.host.invalid:"));
}

TEST_F(UpstreamResolverTest, TriesAHostsAddressesOneAfterAnother) {
  connect_to("two.test");
  const Response response = send();
  ASSERT_TRUE(response.has_value()) << response.error().detail;
  EXPECT_EQ(response->body, "ok");
}

TEST_F(UpstreamResolverTest, DoesNotWaitForANameServerBeyondItsDeadline) {
  name_server().hang();
  connect_to("slow.test");
  UpstreamDeadlines deadlines = patient();
  deadlines.connect = std::chrono::milliseconds(30);
  const Response late = send({}, deadlines);
  ASSERT_TRUE(late.has_error());
  EXPECT_EQ(late.error().code, Errc::unavailable);
  EXPECT_THAT(late.error().detail, HasSubstr("it did not answer in time"));
  name_server().answer();
  EXPECT_EQ(body_of(send()), "ok");
}

TEST_F(UpstreamResolverTest, AsksOnceHoweverManyWait) {
  name_server().hang();
  connect_to("slow.test");
  std::vector<std::unique_ptr<Pending>> pending;
  for (int i = 0; i < 5; ++i) pending.push_back(start());
  run_until([this] { return client_->stats().in_use == 5; });
  name_server().await_question();
  EXPECT_EQ(send({}, {std::chrono::milliseconds(1), std::chrono::seconds(20)}).error().code, Errc::unavailable);
  EXPECT_EQ(name_server().questions(), 1);
  name_server().answer();
  for (const auto& each : pending) EXPECT_EQ(body_of(finish(*each)), "ok");
  EXPECT_EQ(name_server().questions(), 1);
}

TEST_F(UpstreamResolverTest, LetsWhoIsCanceledGo) {
  name_server().hang();
  connect_to("slow.test");
  const auto pending = start();
  io_.poll();
  pending->cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(*pending).error().code, Errc::canceled);
  client_.reset();  // while the look-up goes on
}

}  // namespace
}  // namespace ragd::net
