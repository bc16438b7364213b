// The server a run asks: its address, looked up once. Blocks while it looks up and tries; immutable afterwards.
#pragma once

#include "net/http_client.hpp"

#include <ragd/error.hpp>

#include <sys/socket.h>

#include <chrono>

namespace ragd::load {

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;

  /// The first address of the URL's host that takes a connection within `timeout`. The detail is a line for the
  /// person: "cannot reach http://127.0.0.1:8000: Connection refused; is a server running there?"
  [[nodiscard]] static Result<Target> reach(const net::BaseUrl& url, std::chrono::milliseconds timeout);
};

}  // namespace ragd::load
