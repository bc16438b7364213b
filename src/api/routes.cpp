#include "api/routes.hpp"

#include <utility>

namespace ragd::api {

namespace {

/// Questions and searches are small: their bodies need no more than this, whatever documents may take.
constexpr std::uint64_t kMaxQueryBody = 128U << 10U;

/// One endpoint's member as the function a route holds.
template <class Part, class Answer>
auto call(Part& part, Answer (Part::*member)(net::Exchange&)) {
  return [&part, member](net::Exchange& exchange) { return (part.*member)(exchange); };
}

}  // namespace

std::vector<Route> make_routes(Endpoints& endpoints, const HttpSettings& http) {
  using enum net::Method;
  using Kind = obs::RouteClass;
  auto& [query, search, documents, health, admin] = endpoints;
  const std::uint64_t small = std::min(kMaxQueryBody, http.max_body_bytes);
  const std::uint64_t large = http.max_body_bytes;
  // clang-format off
  return {
      {post,    "/query",          Scope::query,  Kind::query,     small, call(query, &QueryEndpoint::answer), call(query, &QueryEndpoint::recall)},
      {post,    "/search",         Scope::query,  Kind::search,    small, call(search, &SearchEndpoint::answer)},
      {post,    "/documents",      Scope::ingest, Kind::documents, large, call(documents, &DocumentsEndpoint::put)},
      {get,     "/documents",      Scope::query,  Kind::documents, small, call(documents, &DocumentsEndpoint::list)},
      {get,     "/documents/{id}", Scope::query,  Kind::documents, small, call(documents, &DocumentsEndpoint::get)},
      {delete_, "/documents/{id}", Scope::ingest, Kind::documents, small, call(documents, &DocumentsEndpoint::erase)},
      {get,     "/health",         Scope::none,   Kind::other,     small, {}, call(health, &HealthEndpoint::alive)},
      {get,     "/health/ready",   Scope::none,   Kind::other,     small, {}, call(health, &HealthEndpoint::ready)},
      {get,     "/metrics",        Scope::none,   Kind::other,     small, call(health, &HealthEndpoint::metrics)},
      {delete_, "/admin/cache",    Scope::admin,  Kind::other,     small, call(admin, &AdminEndpoint::purge)},
      {post,    "/admin/snapshot", Scope::admin,  Kind::other,     small, call(admin, &AdminEndpoint::snapshot)},
  };
  // clang-format on
}

}  // namespace ragd::api
