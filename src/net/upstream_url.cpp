#include "net/upstream_url.hpp"

#include "base/ascii.hpp"
#include "net/framing.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ragd::net {

namespace {

struct Scheme {
  std::string_view prefix;
  std::string_view port;
  bool tls;
};

constexpr std::array<Scheme, 2> kSchemes{{{"http://", "80", false}, {"https://", "443", true}}};

const Scheme* scheme_of(std::string_view url) {
  const auto found = std::find_if(kSchemes.begin(), kSchemes.end(), [url](const Scheme& scheme) {
    return base::equal_ignoring_case(url.substr(0, scheme.prefix.size()), scheme.prefix);
  });
  return found == kSchemes.end() ? nullptr : found;
}

bool is_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#'; });
}

}  // namespace

Result<UpstreamUrl> UpstreamUrl::parse(std::string_view url) {
  const Scheme* const scheme = scheme_of(url);
  if (scheme == nullptr) return fail(Errc::unprocessable, "does not begin with http:// or https://");
  const std::string_view rest = url.substr(scheme->prefix.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return fail(Errc::unprocessable, "must not hold a user name or password");
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_valid_authority(authority) || !is_path(path)) {
    return fail(Errc::unprocessable, "is not of the form http[s]://host[:port][/path]");
  }
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
  const std::string_view host = authority.substr(0, host_end);
  const std::string_view port = authority.substr(std::min(host_end + 1, authority.size()));
  UpstreamUrl parsed;
  parsed.tls = scheme->tls;
  parsed.host = bracketed ? host.substr(1, host.size() - 2) : host;
  parsed.port = port.empty() ? scheme->port : port;
  parsed.authority = authority;
  parsed.path = path;
  parsed.origin = std::string(scheme->prefix).append(authority);
  return parsed;
}

}  // namespace ragd::net
