// A listener on a free port with a handler that echoes what it was given, for tests over real sockets.
#pragma once

#include "net/io_threads.hpp"
#include "net/listener.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace ragd::net {

inline unsigned status_of(Errc code) {
  switch (code) {
    case Errc::bad_request:
      return 400;
    case Errc::request_timeout:
      return 408;
    case Errc::payload_too_large:
      return 413;
    case Errc::uri_too_long:
      return 414;
    case Errc::headers_too_large:
      return 431;
    case Errc::not_implemented:
      return 501;
    case Errc::overloaded:
      return 503;
    case Errc::version_not_supported:
      return 505;
    default:
      return 500;
  }
}

/// Answers "method path?query host body" at once, or below /later in its own time. Special paths: /refuse (429 before
/// the body), /throw-admit, /throw-now, /throw, /empty (204), /big (an answer no socket buffer holds), /close.
class EchoHandler final : public HttpHandler {
 public:
  static constexpr std::uint64_t kMaxBody = 100'000;
  static constexpr std::size_t kBigAnswer = 64ULL << 20;

  std::unique_ptr<HandlerState> open() override { return nullptr; }

  Admission admit(Exchange& exchange) override {
    ++admitted;
    const std::string_view path = exchange.request.path;
    if (path == "/throw-admit") throw std::runtime_error("admit broke");
    if (path != "/refuse") return {true, kMaxBody};
    exchange.response.status = 429;
    exchange.response.body = "{}";
    return {};
  }

  bool answer_at_once(Exchange& exchange) override {
    const std::string_view path = exchange.request.path;
    if (path == "/throw-now") throw std::runtime_error("answer_at_once broke");
    if (path == "/throw" || path.starts_with("/later")) return false;
    echo(exchange);
    return true;
  }

  Task<void> handle(Exchange& exchange) override {
    if (exchange.request.path == "/throw") throw std::runtime_error("handle broke");
    echo(exchange);
    co_return;
  }

  void reject(Exchange& exchange, const Error& error) override {
    ++rejected;
    exchange.response.status = status_of(error.code);
    exchange.response.body = error.hint;
  }

  void finish(Exchange& exchange, const ExchangeEnd& end) override {
    const std::lock_guard lock(mutex_);
    ends_.push_back({exchange.response.status, end.delivered});
    finished_.notify_all();
  }

  [[nodiscard]] bool draining() const override { return draining_flag; }

  struct End {
    unsigned status;
    bool delivered;
  };

  /// Waits for the n-th exchange to finish.
  End end(std::size_t n) {
    std::unique_lock lock(mutex_);
    const bool there = finished_.wait_for(lock, std::chrono::seconds(20), [&] { return ends_.size() > n; });
    EXPECT_TRUE(there) << "exchange " << n << " never finished";
    return there ? ends_[n] : End{0, false};
  }

  std::size_t finished() {
    const std::lock_guard lock(mutex_);
    return ends_.size();
  }

  std::atomic<int> admitted{0};
  std::atomic<int> rejected{0};
  std::atomic<bool> draining_flag{false};

 private:
  static void echo(Exchange& exchange) {
    const HttpRequest& request = exchange.request;
    HttpResponse& response = exchange.response;
    response.content_type = "text/plain";
    response.status = request.path == "/empty" ? 204 : 200;
    response.close = request.path == "/close";
    if (request.path == "/big") {
      response.body.assign(kBigAnswer, 'x');
    } else {
      response.body.append(request.method_name).append(" ").append(request.path);
      if (!request.query.empty()) response.body.append("?").append(request.query);
      response.body.append(" ").append(request.host).append(" ").append(request.body);
    }
  }

  std::mutex mutex_;
  std::condition_variable finished_;
  std::vector<End> ends_;
};

/// Times no test reaches unless it sets its own.
inline HttpSettings patient_settings() {
  HttpSettings settings;
  settings.header_timeout = settings.body_timeout = settings.write_timeout = settings.idle_timeout =
      std::chrono::seconds(60);
  return settings;
}

class TestServer {
 public:
  explicit TestServer(const HttpSettings& settings = patient_settings(), std::size_t threads = 2)
      : threads_(threads),
        listener_(Listener::open("127.0.0.1:0", settings, std::vector<HttpHandler*>(threads_.size(), &handler),
                                 threads_, metrics)
                      .value()) {
    threads_.start();
    listener_->start();
  }

  [[nodiscard]] std::uint16_t port() const { return listener_->endpoint().port(); }
  Listener& listener() { return *listener_; }

  EchoHandler handler;
  obs::Metrics metrics;

 private:
  IoThreads threads_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace ragd::net
