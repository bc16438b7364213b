#include "load/target.hpp"

#include "load/socket.hpp"

#include <netdb.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace ragd::load {

namespace {

/// 0, or the errno that says why the target takes no connection.
int try_connect(const Target& target, std::chrono::milliseconds timeout) {
  Socket socket;
  const int error = socket.connect(target);
  if (error != EINPROGRESS) return error;
  pollfd writable{socket.fd(), POLLOUT, 0};
  const int ready = ::poll(&writable, 1, static_cast<int>(timeout.count()));
  return ready > 0 ? socket.pending_error() : ETIMEDOUT;
}

Error cannot_reach(const net::BaseUrl& url, const std::string& why) {
  return fail(Errc::unavailable, "cannot reach " + url.text + ": " + why);
}

}  // namespace

Result<Target> Target::reach(const net::BaseUrl& url, std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
  if (unknown != 0) return cannot_reach(url, ::gai_strerror(unknown));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int error = ENOENT;
  for (const addrinfo* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
    Target target;
    std::memcpy(&target.address, entry->ai_addr, entry->ai_addrlen);
    target.size = entry->ai_addrlen;
    error = try_connect(target, timeout);
    if (error == 0) return target;
  }
  return cannot_reach(url, std::string(std::strerror(error)) + "; is a server running there?");
}

}  // namespace ragd::load
