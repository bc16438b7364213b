// The addresses of one host, looked up off the io thread each time a connection is about to be opened.
//
// Belongs to one core. One look-up at a time, however many wait for it: the system's resolver cannot be interrupted and
// answers one question after another, so that a queue behind a hanging name server would never end. Who waits leaves
// at its own deadline. An address in place of a name is not looked up.
#pragma once

#include "net/socket.hpp"

#include <ragd/clock.hpp>
#include <ragd/task.hpp>

#include <boost/asio/ip/basic_resolver.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ragd::net {

/// `error` is timed_out when the deadline came first, operation_aborted when the wait was canceled.
struct Resolved {
  boost::system::error_code error;
  std::vector<Tcp::endpoint> endpoints;
};

class UpstreamResolver {
 public:
  UpstreamResolver(const Executor& executor, std::string host, std::string port);
  ~UpstreamResolver();
  UpstreamResolver(const UpstreamResolver&) = delete;
  UpstreamResolver& operator=(const UpstreamResolver&) = delete;

  [[nodiscard]] Task<Resolved> resolve(SteadyTime deadline);

 private:
  struct Lookup;
  class Alarm;

  void start();

  const std::string host_;
  const std::string port_;
  boost::asio::ip::basic_resolver<Tcp, Executor> resolver_;
  std::optional<Tcp::endpoint> literal_;
  std::shared_ptr<Lookup> lookup_;  // owners: this, the look-up under way, and who waits for it
};

}  // namespace ragd::net
