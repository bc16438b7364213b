// A client on this thread's event loop against a scripted server, and coroutines that can be canceled.
#pragma once

#include "fakes/run_task.hpp"
#include "fakes/scripted_server.hpp"
#include "net/upstream.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ragd::net {

using Response = Result<UpstreamResponse>;

inline std::string answer_of(const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

inline UpstreamUrl url_of(std::uint16_t port) {
  return UpstreamUrl::parse("http://127.0.0.1:" + std::to_string(port)).value();
}

inline std::string body_of(const Response& response) {
  return response.has_value() ? response->body : "error: " + response.error().detail;
}

/// Limits that only a hang reaches.
inline UpstreamDeadlines patient() {
  constexpr std::chrono::seconds kHang{20};
  return {kHang, kHang, std::chrono::steady_clock::now() + kHang};
}

/// Once only, from the script to the test or back.
class Signal {
 public:
  void give() { promise_.set_value(); }
  void wait() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::future<void> future_ = promise_.get_future();
};

/// A server that reads the request, sends this much of an answer, and waits for the client to give up.
class Stalling {
 public:
  explicit Stalling(std::string part)
      : server([this, part = std::move(part)](fakes::Peer& peer, std::size_t /*n*/) {
          if (!part.empty()) peer.answer(part);
          closed = peer.wait_for_close();
        }) {}
  bool closed = false;
  fakes::ScriptedServer server;
};

class Upstream : public testing::Test {
 protected:
  /// The earlier one goes.
  UpstreamClient& connect(const UpstreamUrl& url, const UpstreamSettings& settings = {}, TlsContextPtr tls = nullptr) {
    client_.reset();
    client_ = std::make_unique<UpstreamClient>(io_.get_executor(), url, settings, std::move(tls));
    return *client_;
  }
  UpstreamClient& connect(const fakes::ScriptedServer& server, const UpstreamSettings& settings = {}) {
    return connect(url_of(server.port()), settings);
  }

  Response send(const UpstreamRequest& request, const UpstreamDeadlines& deadlines) {
    return fakes::run_until_done(io_, client_->send(request, deadlines));
  }
  Response send(const UpstreamRequest& request = {}) {
    const UpstreamDeadlines deadlines = patient();
    return send(request, deadlines);
  }

  /// A request under way, which owns what it refers to.
  struct Pending {
    UpstreamRequest request;
    UpstreamDeadlines deadlines;
    boost::asio::cancellation_signal cancel;
    std::optional<Response> response;
  };
  std::unique_ptr<Pending> start(UpstreamRequest request = {}, const UpstreamDeadlines& deadlines = patient()) {
    auto pending = std::make_unique<Pending>();
    pending->request = std::move(request);
    pending->deadlines = deadlines;
    const auto finish = [place = &pending->response](const std::exception_ptr& thrown, Response response) {
      place->emplace(thrown ? Response(explain(thrown)) : std::move(response));
    };
    boost::asio::co_spawn(io_, client_->send(pending->request, pending->deadlines),
                          boost::asio::bind_cancellation_slot(pending->cancel.slot(), finish));
    return pending;
  }
  Response& finish(Pending& pending) {
    run_until([&pending] { return pending.response.has_value(); });
    return *pending.response;
  }

  /// A cancellation that comes between two waits is thrown by Asio at the next one.
  static Error explain(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      if (error.code() == boost::asio::error::operation_aborted) return fail(Errc::canceled, "thrown");
      throw;
    }
  }

  template <class Condition>
  void run_until(Condition condition) {
    io_.restart();
    while (!condition()) io_.run_one();
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<UpstreamClient> client_;
};

}  // namespace ragd::net
