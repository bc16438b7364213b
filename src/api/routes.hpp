// The whole API as one table.
#pragma once

#include "api/admin.hpp"
#include "api/documents.hpp"
#include "api/health.hpp"
#include "api/query.hpp"
#include "api/route.hpp"
#include "api/search.hpp"

#include <ragd/settings.hpp>

#include <vector>

namespace ragd::api {

/// Everyone who answers requests. One of each per server: they hold no state of a request.
struct Endpoints {
  QueryEndpoint query;
  SearchEndpoint search;
  DocumentsEndpoint documents;
  HealthEndpoint health;
  AdminEndpoint admin;
};

/// `endpoints` outlives the routes.
[[nodiscard]] std::vector<Route> make_routes(Endpoints& endpoints, const HttpSettings& http);

}  // namespace ragd::api
