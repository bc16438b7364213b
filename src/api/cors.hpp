// Cross-origin rules of the WHATWG Fetch standard, for one list of exact origins.
//
// Immutable, thread-safe. Off without origins: then nothing is added and a preflight is an ordinary OPTIONS.
#pragma once

#include "net/exchange.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <string>
#include <string_view>

namespace ragd::api {

class Cors {
 public:
  /// Refuses "*" together with credentials, and origins that are not scheme://host[:port].
  [[nodiscard]] static Result<Cors> make(const CorsSettings& settings);

  /// An OPTIONS with Origin and Access-Control-Request-Method, while CORS is on.
  [[nodiscard]] bool is_preflight(const net::HttpRequest& request) const;

  /// The whole answer to a preflight: 204, with permission only for what is listed.
  void answer_preflight(const net::HttpRequest& request, net::HttpResponse& response) const;

  /// The headers every other answer carries, errors included.
  void add_headers(const net::HttpRequest& request, net::HttpResponse& response) const;

 private:
  [[nodiscard]] bool allows_origin(std::string_view origin) const;
  void add_origin(std::string_view origin, net::HttpResponse& response) const;

  CorsSettings settings_;
  bool any_origin_ = false;
  bool any_header_ = false;
  std::string methods_;
};

}  // namespace ragd::api
