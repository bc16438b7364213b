#include "api/documents.hpp"

#include "api/fields.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "net/offload.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

namespace ragd::api {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxTitleBytes = 1024;
constexpr std::size_t kMaxSourceBytes = 4096;
constexpr std::size_t kMaxMetadataBytes = 16U << 10U;
constexpr std::size_t kMaxBatch = 10'000;
constexpr std::size_t kDefaultPage = 100;
constexpr std::size_t kMaxPage = 1'000;
/// Reading or writing up to this much JSON takes well under a tenth of a millisecond; more leaves the io thread.
constexpr std::size_t kInlineJsonBytes = 32U << 10U;

Error at(std::size_t index, const std::string& what) {
  return fail(Errc::unprocessable, {}, "documents[" + std::to_string(index) + "]: " + what);
}

Result<std::string_view> required_string(const dom::object& object, std::string_view name, std::size_t max_bytes) {
  auto value = string_field(object, name, 1, max_bytes);
  if (!value) return value.error();
  if (!*value) return fail(Errc::unprocessable, {}, "'" + std::string(name) + "' is missing or null");
  return **value;
}

Result<std::string> metadata_field(const dom::object& object) {
  dom::element value;
  if (object.at_key("metadata").get(value) != simdjson::SUCCESS || value.is_null()) return std::string("{}");
  if (!value.is_object()) return fail(Errc::unprocessable, {}, "'metadata' must be an object");
  std::string json = base::to_json(value);
  if (json.size() > kMaxMetadataBytes) return fail(Errc::unprocessable, {}, "'metadata' is larger than 16 KiB");
  return json;
}

Result<Document> read_document(const dom::element& element) {
  if (!element.is_object()) return fail(Errc::unprocessable, {}, "must be an object");
  const dom::object object(element);
  Document document;
  auto id = required_string(object, "id", kMaxIdBytes);
  if (!id) return id.error();
  if (!base::is_printable(*id)) return fail(Errc::unprocessable, {}, "'id' must be printable");
  document.id = *id;
  auto text = required_string(object, "text", std::size_t{1} << 30U);
  if (!text) return text.error();
  if (base::collapse_whitespace(*text).empty()) {
    return fail(Errc::unprocessable, {}, "'text' is empty");
  }
  document.text = *text;
  auto title = string_field(object, "title", 0, kMaxTitleBytes);
  if (!title) return title.error();
  document.title = title->value_or("");
  auto source = string_field(object, "source", 0, kMaxSourceBytes);
  if (!source) return source.error();
  document.source = source->value_or("");
  auto metadata = metadata_field(object);
  if (!metadata) return metadata.error();
  document.metadata_json = std::move(*metadata);
  return document;
}

Result<std::vector<Document>> read_batch(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return parsed.error();
  dom::array items;
  if (parsed->root()["documents"].get(items) != simdjson::SUCCESS) {
    return fail(Errc::unprocessable, {}, "'documents' must be a list of documents");
  }
  std::vector<Document> batch;
  std::set<std::string> ids;
  for (const auto item : items) {
    const std::size_t index = batch.size();
    if (index == kMaxBatch) return fail(Errc::unprocessable, {}, "at most 10000 documents fit one batch");
    auto document = read_document(item);
    if (!document)
      return document.error().code == Errc::unprocessable ? at(index, document.error().hint) : document.error();
    if (!ids.insert(document->id).second) return at(index, "this 'id' stands twice in the batch");
    batch.push_back(std::move(*document));
  }
  if (batch.empty()) return fail(Errc::unprocessable, {}, "'documents' must not be empty");
  return batch;
}

void write_summary(base::JsonWriter& json, const DocumentSummary& document) {
  json.begin_object();
  json.key("id").string(document.id);
  json.key("title").string(document.title);
  json.key("source").string(document.source);
  json.key("metadata").raw(document.metadata_json);
  json.key("bytes").integer(document.bytes);
  json.key("chunks").integer(document.chunks);
  json.end_object();
}

void write_document(base::JsonWriter& json, const Document& document) {
  json.begin_object();
  json.key("id").string(document.id);
  json.key("title").string(document.title);
  json.key("source").string(document.source);
  json.key("metadata").raw(document.metadata_json);
  json.key("text").string(document.text);
  json.end_object();
}

void write_entry(base::JsonWriter& json, const DocumentSummary& document) {
  write_summary(json, document);
}
void write_entry(base::JsonWriter& json, const Document& document) {
  write_document(json, document);
}

std::string json_of(const Document& document) {
  std::string out;
  base::JsonWriter json(out);
  write_document(json, document);
  return out;
}

/// Of a DocumentPage or a DocumentBatch.
template <class Page>
std::string json_of_page(const Page& page) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("documents").begin_array();
  for (const auto& document : page.documents) write_entry(json, document);
  json.end_array().key("next_cursor");
  if (page.next) {
    json.string(*page.next);
  } else {
    json.null();
  }
  if constexpr (std::is_same_v<Page, DocumentPage>) json.key("waiting_for_vectors").integer(page.waiting);
  json.end_object();
  return out;
}

std::size_t bytes_of(const DocumentSummary& document) {
  return document.id.size() + document.title.size() + document.source.size() + document.metadata_json.size();
}

std::size_t bytes_of(const Document& document) {
  return document.title.size() + document.source.size() + document.metadata_json.size() + document.text.size();
}

template <class Page>
std::size_t bytes_of_page(const Page& page) {
  std::size_t bytes = 0;
  for (const auto& document : page.documents) bytes += bytes_of(document);
  return bytes;
}

/// Whether whole documents are asked for.
Result<bool> wants_content(std::string_view query) {
  const auto content = query_parameter(query, "content");
  if (!content) return content.error();
  if (!*content) return false;
  if (**content != "full") return fail(Errc::unprocessable, {}, "'content' knows only 'full'");
  return true;
}

/// What was found as JSON, by `write`: on the spot when it is small, else on the pool.
template <class Found, class Write>
Task<Result<void>> respond(boost::asio::thread_pool& pool, net::HttpResponse& response, Found found, std::size_t bytes,
                           Write write) {
  if (bytes <= kInlineJsonBytes) {
    response.body = write(found);
    co_return Result<void>{};
  }
  auto work = [found = std::move(found), write]() -> Result<std::string> { return write(found); };
  Result<std::string> body = co_await net::offload(pool, std::move(work));
  response.body = *std::move(body);
  co_return Result<void>{};
}

Result<std::size_t> page_size(std::string_view query) {
  const auto limit = query_parameter(query, "limit");
  if (!limit) return limit.error();
  if (!*limit) return kDefaultPage;
  std::size_t value = 0;
  const std::string& text = **limit;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > kMaxPage) {
    return fail(Errc::unprocessable, {}, "'limit' must be an integer from 1 to 1000");
  }
  return value;
}

}  // namespace

Task<Result<void>> DocumentsEndpoint::put(net::Exchange& exchange) {
  if (auto content = check_json_content(exchange.request); !content) co_return content.error();
  const std::string_view body = exchange.request.body;
  Result<std::vector<Document>> batch = fail(Errc::internal);
  if (body.size() <= kInlineJsonBytes) {
    batch = read_batch(body);
  } else {
    auto parse = [body] { return read_batch(body); };
    batch = co_await net::offload(pool_, std::move(parse));
  }
  if (!batch) {
    metrics_.ingest_documents.add(obs::IngestOutcome::rejected);
    co_return batch.error();
  }
  const std::size_t size = batch->size();
  Result<PutOutcome> outcome = co_await documents_.put(state_of(exchange).context, std::move(*batch));
  if (!outcome) {
    metrics_.ingest_documents.add(obs::IngestOutcome::error, size);
    co_return outcome.error();
  }
  metrics_.ingest_documents.add(obs::IngestOutcome::accepted, outcome->accepted);
  metrics_.ingest_documents.add(obs::IngestOutcome::unchanged, outcome->unchanged);
  base::JsonWriter json(exchange.response.body);
  json.begin_object();
  json.key("accepted").integer(outcome->accepted);
  json.key("unchanged").integer(outcome->unchanged);
  json.key("chunks").integer(outcome->chunks);
  json.key("corpus_version").string(outcome->version);
  json.end_object();
  co_return Result<void>{};
}

Task<Result<void>> DocumentsEndpoint::list(net::Exchange& exchange) {
  const auto limit = page_size(exchange.request.query);
  if (!limit) co_return limit.error();
  auto cursor = query_parameter(exchange.request.query, "cursor");
  if (!cursor) co_return cursor.error();
  const auto content = wants_content(exchange.request.query);
  if (!content) co_return content.error();
  std::string after = std::move(*cursor).value_or("");
  if (*content) {
    Result<DocumentBatch> batch = co_await documents_.scan(state_of(exchange).context, std::move(after), *limit);
    if (!batch) co_return batch.error();
    const std::size_t size = bytes_of_page(*batch);
    co_return co_await respond(pool_, exchange.response, *std::move(batch), size, json_of_page<DocumentBatch>);
  }
  Result<DocumentPage> page = co_await documents_.list(state_of(exchange).context, std::move(after), *limit);
  if (!page) co_return page.error();
  const std::size_t size = bytes_of_page(*page);
  co_return co_await respond(pool_, exchange.response, *std::move(page), size, json_of_page<DocumentPage>);
}

Task<Result<void>> DocumentsEndpoint::get(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  Result<Document> document = co_await documents_.get(state.context, std::move(state.path_parameter));
  if (!document) co_return document.error();
  const std::size_t size = bytes_of(*document);
  co_return co_await respond(pool_, exchange.response, *std::move(document), size, json_of);
}

Task<Result<void>> DocumentsEndpoint::erase(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  std::string id = state.path_parameter;
  Result<std::string> version = co_await documents_.erase(state.context, std::move(id));
  if (!version) co_return version.error();
  base::JsonWriter json(exchange.response.body);
  json.begin_object();
  json.key("id").string(state.path_parameter);
  json.key("deleted").boolean(true);
  json.key("corpus_version").string(*version);
  json.end_object();
  co_return Result<void>{};
}

}  // namespace ragd::api
