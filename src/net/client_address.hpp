// Who a request comes from, for limits and logs: the TCP peer, or what proxies that are trusted say of it.
//
// Pure functions. X-Forwarded-For is believed only from a trusted peer, and only up to the first hop that is not
// trusted itself, counted from the right: everything left of it is the client's own invention.
#pragma once

#include "net/exchange.hpp"

#include <ragd/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

/// An IPv4-mapped IPv6 address as the IPv4 address it stands for; others unchanged.
[[nodiscard]] boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

/// What limits count as one client: an IPv4 address, or the /64 of an IPv6 one.
[[nodiscard]] boost::asio::ip::address client_network(const boost::asio::ip::address& address);

/// The addresses whose first `prefix` bits are those of `network`.
struct AddressBlock {
  boost::asio::ip::address network;
  unsigned prefix = 0;

  /// "10.0.0.0/8", "fd00::/8", or one address. The detail says what is wrong with it.
  [[nodiscard]] static Result<AddressBlock> parse(std::string_view text);
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
};

[[nodiscard]] Result<std::vector<AddressBlock>> parse_address_blocks(std::span<const std::string> texts);

struct ClientAddress {
  boost::asio::ip::address address;
  bool ignored_forwarding = false;  ///< the peer sent X-Forwarded-For but is not trusted
};

[[nodiscard]] ClientAddress client_address(const HttpRequest& request, std::span<const AddressBlock> trusted);

}  // namespace ragd::net
