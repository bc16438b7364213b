#include "net/client_address.hpp"

#include "base/ascii.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ragd::net {

namespace ip = boost::asio::ip;

namespace {

std::string bytes_of(const ip::address& address) {
  const auto as_text = [](const auto& bytes) { return std::string(bytes.begin(), bytes.end()); };
  return address.is_v4() ? as_text(address.to_v4().to_bytes()) : as_text(address.to_v6().to_bytes());
}

/// With all bits behind the first `prefix` cleared.
ip::address masked(const ip::address& address, unsigned prefix) {
  const auto mask = [prefix](auto bytes) {
    for (unsigned bit = prefix; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
    }
    return bytes;
  };
  if (address.is_v4()) return ip::make_address_v4(mask(address.to_v4().to_bytes()));
  return ip::make_address_v6(mask(address.to_v6().to_bytes()));
}

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code ec;
  const ip::address address = ip::make_address(std::string(text), ec);
  // A zone (fe80::1%eth0) means something on the sender's machine alone.
  if (ec || text.find('%') != std::string_view::npos) return std::nullopt;
  return unmapped(address);
}

/// One hop as proxies write it: an address, perhaps in brackets, perhaps with a port.
std::optional<ip::address> parse_hop(std::string_view hop) {
  hop = base::trim_blanks(hop);
  if (hop.starts_with('[')) {
    const std::size_t close = hop.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = hop.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return parse_address(hop.substr(1, close - 1));
  }
  const bool has_port = std::count(hop.begin(), hop.end(), ':') == 1;
  return parse_address(has_port ? hop.substr(0, hop.find(':')) : hop);
}

bool is_trusted(const ip::address& address, std::span<const AddressBlock> trusted) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&address](const AddressBlock& block) { return block.contains(address); });
}

Error bad_block(std::string_view text, const std::string& why) {
  return fail(Errc::unprocessable, std::string("\'").append(text).append("\' ").append(why));
}

}  // namespace

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

ip::address client_network(const ip::address& address) {
  const ip::address plain = unmapped(address);
  return plain.is_v4() ? plain : masked(plain, 64);
}

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::optional<ip::address> address = parse_address(text.substr(0, slash));
  if (!address) return bad_block(text, "is not an IP address or a CIDR block such as 10.0.0.0/8");
  const unsigned bits = address->is_v4() ? 32 : 128;
  unsigned prefix = bits;
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, prefix);
    if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != end || prefix > bits) {
      return bad_block(text, "has no prefix length from 0 to " + std::to_string(bits) + " behind its slash");
    }
  }
  const ip::address network = masked(*address, prefix);
  if (network != *address) {
    return bad_block(text, "has bits set behind its prefix (did you mean " + network.to_string() + "/" +
                               std::to_string(prefix) + "?)");
  }
  return AddressBlock{network, prefix};
}

bool AddressBlock::contains(const ip::address& address) const {
  const ip::address plain = unmapped(address);
  return plain.is_v4() == network.is_v4() && masked(plain, prefix) == network;
}

Result<std::vector<AddressBlock>> parse_address_blocks(std::span<const std::string> texts) {
  std::vector<AddressBlock> blocks;
  for (const std::string& text : texts) {
    const Result<AddressBlock> block = AddressBlock::parse(text);
    if (block.has_error()) return block.error();
    blocks.push_back(*block);
  }
  return blocks;
}

ClientAddress client_address(const HttpRequest& request, std::span<const AddressBlock> trusted) {
  ClientAddress client{unmapped(request.peer)};
  const bool believed = is_trusted(client.address, trusted);
  // Several fields are one list in their order (RFC 9110, 5.2), so the last field holds the nearest hops.
  for (auto field = request.headers.rbegin(); field != request.headers.rend(); ++field) {
    if (!base::equal_ignoring_case(field->name, "x-forwarded-for")) continue;
    if (!believed) {
      client.ignored_forwarding = true;
      return client;
    }
    std::string_view hops = field->value;
    for (bool more = true; more;) {
      const std::size_t comma = hops.rfind(',');
      const std::optional<ip::address> hop = parse_hop(hops.substr(comma + 1));  // npos + 1 is 0
      if (!hop) return client;  // whatever it was, the trusted hop that reported it is the last one known
      client.address = *hop;
      if (!is_trusted(*hop, trusted)) return client;
      more = comma != std::string_view::npos;
      if (more) hops = hops.substr(0, comma);
    }
  }
  return client;
}

}  // namespace ragd::net
