// A request to another server and its answer, whole, and what Errors in place of one say. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::net {

/// How the detail of an Error begins when no connection came about: the server has seen nothing of the request.
inline constexpr std::string_view kCannotReach = "cannot reach ";
/// How it ends when nothing listens there.
inline constexpr std::string_view kConnectionRefused = "connection refused";
/// How it ends when a deadline passed that was not the caller's.
inline constexpr std::string_view kTooSlow = "did not answer in time";

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The value of the first field of that name, in any case.
[[nodiscard]] std::optional<std::string_view> find_header(const HeaderList& headers, std::string_view name);

struct UpstreamRequest {
  std::string method = "GET";
  std::string target = "/";  ///< sent as it is: the URL's path is the caller's to put before it
  HeaderList headers{};      ///< without Host and Content-Length
  std::string body{};        ///< sent as JSON unless `headers` holds a Content-Type
  bool repeatable = false;   ///< arriving twice does no harm
};

struct UpstreamResponse {
  unsigned status = 0;
  HeaderList headers{};
  std::string body;
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

}  // namespace ragd::net
