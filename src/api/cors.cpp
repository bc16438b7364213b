#include "api/cors.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace ragd::api {

namespace {

constexpr std::string_view kExposed =
    "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Cache-Status, Server-Timing";

/// A serialised origin, as browsers send it: scheme://host[:port] in lower case, nothing behind it. "null" is never
/// granted: any sandbox can send it.
bool is_origin(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(colon + 3);
  return !host.empty() && host.find_first_of("/?#@* \t") == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), base::is_upper);
}

/// Calls `visit` for each member of a comma-separated list; false as soon as a visit says so.
template <class Visit>
bool for_each_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view member = base::trim_blanks(list.substr(0, comma));
    if (!member.empty() && !visit(member)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
  return true;
}

}  // namespace

Result<Cors> Cors::make(const CorsSettings& settings) {
  Cors cors;
  cors.settings_ = settings;
  for (const std::string& origin : settings.origins) {
    if (origin == "*") {
      cors.any_origin_ = true;
    } else if (!is_origin(origin)) {
      return fail(Errc::bad_request, "cors.origins: '" + origin +
                                         "' is not an origin (write https://host or https://host:port, in lower case, "
                                         "without a path)");
    }
  }
  if (cors.any_origin_ && settings.credentials) {
    return fail(Errc::bad_request, "cors.origins '*' and cors.credentials = true cannot go together: list the origins");
  }
  for (const std::string& header : settings.headers) {
    if (!base::is_token(header))
      return fail(Errc::bad_request, "cors.headers: '" + header + "' is not a header's name");
    cors.any_header_ = cors.any_header_ || header == "*";
  }
  for (const std::string& method : settings.methods) {
    if (!base::is_token(method)) return fail(Errc::bad_request, "cors.methods: '" + method + "' is not a method");
    if (!cors.methods_.empty()) cors.methods_ += ", ";
    cors.methods_ += method;
  }
  return cors;
}

bool Cors::is_preflight(const net::HttpRequest& request) const {
  return !settings_.origins.empty() && request.method == net::Method::options && request.header("Origin") &&
         request.header("Access-Control-Request-Method");
}

bool Cors::allows_origin(std::string_view origin) const {
  return any_origin_ ||
         std::find(settings_.origins.begin(), settings_.origins.end(), origin) != settings_.origins.end();
}

void Cors::add_origin(std::string_view origin, net::HttpResponse& response) const {
  response.add_header("Access-Control-Allow-Origin", any_origin_ ? "*" : origin);
  if (settings_.credentials) response.add_header("Access-Control-Allow-Credentials", "true");
}

void Cors::answer_preflight(const net::HttpRequest& request, net::HttpResponse& response) const {
  response.status = 204;
  response.body.clear();
  response.add_header("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const std::string_view origin = *request.header("Origin");
  const std::string_view method = *request.header("Access-Control-Request-Method");
  const std::string_view headers = request.header("Access-Control-Request-Headers").value_or("");
  const bool method_listed =
      std::find(settings_.methods.begin(), settings_.methods.end(), method) != settings_.methods.end();
  const bool headers_listed = for_each_member(headers, [&](std::string_view name) {
    return base::is_token(name) && (any_header_ || std::any_of(settings_.headers.begin(), settings_.headers.end(),
                                                               [&](const std::string& listed) {
                                                                 return base::equal_ignoring_case(listed, name);
                                                               }));
  });
  if (!allows_origin(origin) || !method_listed || !headers_listed) return;
  add_origin(origin, response);
  response.add_header("Access-Control-Allow-Methods", methods_);
  if (!headers.empty()) response.add_header("Access-Control-Allow-Headers", headers);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(settings_.max_age).count();
  response.add_header("Access-Control-Max-Age", std::to_string(seconds));
}

void Cors::add_headers(const net::HttpRequest& request, net::HttpResponse& response) const {
  if (settings_.origins.empty()) return;
  // With "*" the answer is the same for everyone; otherwise caches must keep answers apart by origin.
  if (!any_origin_) response.headers += "Vary: Origin\r\n";
  const auto origin = request.header("Origin");
  if (!origin || !allows_origin(*origin)) return;
  add_origin(*origin, response);
  response.add_header("Access-Control-Expose-Headers", kExposed);
}

}  // namespace ragd::api
