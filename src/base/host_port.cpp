#include "base/host_port.hpp"

#include "base/ascii.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

namespace ragd::base {

Result<HostPort> parse_host_port(std::string_view text) {
  const auto refused = [] {
    return fail(Errc::unprocessable, "is not host:port (write 127.0.0.1:8000 or [::1]:8000)");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  // An address with colons of its own needs brackets, and only such a one has them.
  if (host.empty() || (host.find(':') != std::string_view::npos) != bracketed) return refused();
  if (host.find_first_of(" \t/@[]") != std::string_view::npos) return refused();
  HostPort address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size()) return refused();
  return address;
}

std::string format_host_port(const HostPort& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace ragd::base
