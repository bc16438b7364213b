#include "api/admin.hpp"

#include "api/fields.hpp"
#include "base/json.hpp"
#include "obs/log.hpp"

namespace ragd::api {

namespace {

/// More than a name may have: that is for who takes the snapshot to say.
constexpr std::size_t kMaxSnapshotName = 1024;

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

/// Empty: none was given. A body may be left out, but not its type: without one a stranger's page could ask for this.
Result<std::string> read_name(const net::HttpRequest& request) {
  if (auto content = check_json_content(request); !content) return content.error();
  if (request.body.empty()) return std::string();
  const auto body = parse_object(request.body);
  if (!body) return body.error();
  const auto name = string_field(body->root(), "name", 1, kMaxSnapshotName);
  if (!name) return name.error();
  return std::string(name->value_or(""));
}

void audit(const RequestContext& context, const Result<SnapshotTaken>& taken) {
  if (!taken) {
    return obs::log(LogLevel::warning, "snapshot failed",
                    {{"request_id", std::string_view(context.request_id)},
                     {"by", std::string_view(context.caller.key_name)},
                     {"error", std::string_view(taken.error().detail)}});
  }
  obs::log(LogLevel::info, "snapshot taken",
           {{"request_id", std::string_view(context.request_id)},
            {"by", std::string_view(context.caller.key_name)},
            {"name", std::string_view(taken->name)},
            {"documents", static_cast<std::int64_t>(taken->documents)},
            {"bytes", static_cast<std::int64_t>(taken->bytes)}});
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

Task<Result<void>> AdminEndpoint::snapshot(net::Exchange& exchange) {
  if (snapshots_ == nullptr) {
    co_return fail(Errc::conflict, "the backend takes no snapshots",
                   "the documents are in an external database: back it up with its own tools");
  }
  auto name = read_name(exchange.request);
  if (!name) co_return name.error();
  const RequestContext& context = state_of(exchange).context;
  std::string asked_for = *std::move(name);
  const Result<SnapshotTaken> taken = co_await snapshots_->take(context, std::move(asked_for));
  metrics_.snapshots.add(taken ? obs::SnapshotOutcome::taken : obs::SnapshotOutcome::failed);
  audit(context, taken);
  if (!taken) co_return taken.error();
  base::JsonWriter json(exchange.response.body);
  json.begin_object();
  json.key("name").string(taken->name);
  json.key("documents").integer(taken->documents);
  json.key("bytes").integer(taken->bytes);
  json.key("corpus_version").string(taken->version);
  json.end_object();
  co_return Result<void>{};
}

}  // namespace ragd::api
