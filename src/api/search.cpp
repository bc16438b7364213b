#include "api/search.hpp"

#include "api/fields.hpp"
#include "base/json.hpp"
#include "rag/answer_body.hpp"

namespace ragd::api {

namespace {

constexpr std::size_t kMaxQueryBytes = 8192;
constexpr std::size_t kMaxTopK = 100;

Result<RetrievalQuery> read_request(const net::HttpRequest& request) {
  if (auto content = check_json_content(request); !content) return content.error();
  const auto document = parse_object(request.body);
  if (!document) return document.error();
  const simdjson::dom::object object(document->root());
  RetrievalQuery query;
  auto text = string_field(object, "query", 1, kMaxQueryBytes);
  if (!text) return text.error();
  if (!*text) return fail(Errc::unprocessable, {}, "'query' is missing: a string of 1 to 8192 bytes");
  query.text = **text;
  const auto top_k = integer_field(object, "top_k", 1, kMaxTopK);
  if (!top_k) return top_k.error();
  query.top_k = top_k->value_or(0);
  auto filter = filter_field(object, "filters");
  if (!filter) return filter.error();
  query.filter = std::move(*filter);
  return query;
}

}  // namespace

Task<Result<void>> SearchEndpoint::answer(net::Exchange& exchange) {
  Result<RetrievalQuery> query = read_request(exchange.request);
  if (!query) co_return query.error();
  Result<Retrieved> found = co_await pipeline_.search(state_of(exchange).context, std::move(*query));
  if (!found) co_return found.error();
  base::JsonWriter json(exchange.response.body);
  json.begin_object().key("results").begin_array();
  for (const Passage& passage : found->passages) {
    json.begin_object();
    rag::write_passage(json, passage);
    json.end_object();
  }
  json.end_array().key("corpus_version").string(found->version);
  json.key("degraded").boolean(found->degraded).end_object();
  co_return Result<void>{};
}

}  // namespace ragd::api
