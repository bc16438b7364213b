// Where another server is: http or https, host, port, and the path its API begins with.
//
// A value; parse is a pure function. It refuses user names and passwords (they end up in logs), queries and fragments.
#pragma once

#include <ragd/error.hpp>

#include <string>
#include <string_view>

namespace ragd::net {

struct UpstreamUrl {
  bool tls = false;
  std::string host;       ///< without the brackets of an IPv6 address
  std::string port;       ///< the scheme's own when none is given
  std::string authority;  ///< for Host
  std::string path;       ///< "" or "/v1": what targets are appended to, without a slash at its end
  std::string origin;     ///< "https://host:port" without the path, for messages

  /// http[s]://host[:port][/path]. The detail reads on after the setting's name and holds nothing of the text.
  [[nodiscard]] static Result<UpstreamUrl> parse(std::string_view url);
};

}  // namespace ragd::net
