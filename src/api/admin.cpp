#include "api/admin.hpp"

#include "api/fields.hpp"
#include "base/json.hpp"
#include "obs/log.hpp"

namespace ragd::api {

namespace {

Result<PurgeSelector> read_selector(std::string_view query, const Caller& caller) {
  const auto document = query_parameter(query, "document");
  if (!document) return document.error();
  const auto tenant = query_parameter(query, "tenant");
  if (!tenant) return tenant.error();
  const auto all = query_parameter(query, "all");
  if (!all) return all.error();
  const int given = static_cast<int>(document->has_value()) + static_cast<int>(tenant->has_value()) +
                    static_cast<int>(all->has_value());
  const bool empty = document->value_or("x").empty() || tenant->value_or("x").empty() || all->value_or("1") != "1";
  if (given != 1 || empty) {
    return fail(Errc::unprocessable, {}, "give exactly one of document=<id>, tenant=<name> or all=1");
  }
  if (*all) return PurgeSelector{};
  if (*tenant) return PurgeSelector{**tenant, {}};
  return PurgeSelector{caller.tenant, **document};
}

}  // namespace

Task<Result<void>> AdminEndpoint::purge(net::Exchange& exchange) {
  const RequestContext& context = state_of(exchange).context;
  const auto selector = read_selector(exchange.request.query, context.caller);
  if (!selector) co_return selector.error();
  Result<std::uint64_t> purged = co_await cache_.purge(*selector);
  if (!purged) co_return purged.error();
  obs::log(LogLevel::info, "cache purged",
           {{"request_id", std::string_view(context.request_id)},
            {"by", std::string_view(context.caller.key_name)},
            {"entries", static_cast<std::int64_t>(*purged)}});
  base::JsonWriter json(exchange.response.body);
  json.begin_object().key("purged").integer(*purged).end_object();
  co_return Result<void>{};
}

}  // namespace ragd::api
