#include "api/query.hpp"

#include "api/fields.hpp"
#include "base/json.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace ragd::api {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMaxQuestionBytes = 8192;
constexpr std::size_t kMaxSessionBytes = 128;
constexpr std::size_t kMaxTopK = 50;

struct QueryRequest {
  Question question;
  bool stream = false;
};

Result<CacheMode> cache_mode(const simdjson::dom::object& object) {
  const auto mode = string_field(object, "cache", 0, 16);
  const std::string name = mode && *mode ? **mode : mode ? "use" : "";
  if (name == "use") return CacheMode::use;
  if (name == "refresh") return CacheMode::refresh;
  if (name == "bypass") return CacheMode::bypass;
  return fail(Errc::unprocessable, {}, "'cache' must be \"use\", \"refresh\" or \"bypass\"");
}

Result<QueryRequest> read_request(const net::HttpRequest& request) {
  if (auto content = check_json_content(request); !content) return content.error();
  const auto document = parse_object(request.body);
  if (!document) return document.error();
  const simdjson::dom::object object(document->root());

  QueryRequest query;
  auto text = string_field(object, "question", 1, kMaxQuestionBytes);
  if (!text) return text.error();
  if (!*text) return fail(Errc::unprocessable, {}, "'question' is missing: a string of 1 to 8192 bytes");
  query.question.text = std::move(**text);
  auto session = string_field(object, "session_id", 0, kMaxSessionBytes);
  if (!session) return session.error();
  query.question.session_id = std::move(*session);
  const auto top_k = integer_field(object, "top_k", 1, kMaxTopK);
  if (!top_k) return top_k.error();
  query.question.top_k = top_k->value_or(0);
  auto filter = filter_field(object, "filters");
  if (!filter) return filter.error();
  query.question.filter = std::move(*filter);
  const auto mode = cache_mode(object);
  if (!mode) return mode.error();
  query.question.cache = *mode;
  const auto stream = bool_field(object, "stream");
  if (!stream) return stream.error();
  const std::string_view accept = request.header("Accept").value_or("");
  query.stream = stream->value_or(accept.find("text/event-stream") != std::string_view::npos);
  return query;
}

std::string_view name_of(rag::CacheStatus status) {
  switch (status) {
    case rag::CacheStatus::hit:
      return "hit";
    case rag::CacheStatus::stale:
      return "stale";
    case rag::CacheStatus::revalidated:
      return "revalidated";
    case rag::CacheStatus::miss:
      return "miss";
    case rag::CacheStatus::coalesced:
      return "coalesced";
    case rag::CacheStatus::bypass:
      return "bypass";
  }
  return "miss";
}

std::string_view name_of(obs::Stage stage) {
  switch (stage) {
    case obs::Stage::parse:
      return "parse";
    case obs::Stage::cache_lookup:
      return "cache_lookup";
    case obs::Stage::embed:
      return "embed";
    case obs::Stage::retrieve:
      return "retrieve";
    case obs::Stage::rerank:
      return "rerank";
    case obs::Stage::generate:
      return "generate";
    case obs::Stage::serialize:
      return "serialize";
    case obs::Stage::cache_store:
      return "cache_store";
  }
  return "other";
}

std::string seconds_text(std::int64_t milliseconds) {
  return std::to_string(std::max<std::int64_t>(0, milliseconds) / 1000);
}

/// RFC 9211.
std::string cache_status_header(const rag::Reply& reply, CacheMode mode) {
  switch (reply.status) {
    case rag::CacheStatus::hit:
      return "ragd; hit; ttl=" + seconds_text(reply.ttl_ms);
    case rag::CacheStatus::stale:
      return "ragd; hit; ttl=" + seconds_text(reply.ttl_ms) + "; detail=stale";
    case rag::CacheStatus::revalidated:
      return "ragd; hit; ttl=" + seconds_text(reply.ttl_ms) + "; detail=revalidated";
    case rag::CacheStatus::coalesced:
      return "ragd; fwd=uri-miss; collapsed";
    case rag::CacheStatus::bypass:
      return "ragd; fwd=bypass";
    case rag::CacheStatus::miss:
      break;
  }
  return mode == CacheMode::refresh ? "ragd; fwd=request" : "ragd; fwd=uri-miss";
}

/// The members that differ from response to response, behind the answer's ready-made front.
void append_tail(std::string& body, const rag::Reply& reply, const Question& question, const RequestState& state,
                 Seconds total) {
  base::JsonWriter json(body);
  json.key("cached").boolean(reply.cached);
  json.key("cache").begin_object();
  json.key("status").string(name_of(reply.status));
  json.key("age_s").integer(std::max<std::int64_t>(0, reply.age_ms) / 1000);
  json.key("ttl_s").integer(std::max<std::int64_t>(0, reply.ttl_ms) / 1000);
  json.end_object();
  json.key("corpus_version").string(reply.version);
  json.key("session_id");
  if (question.session_id) {
    json.string(*question.session_id);
  } else {
    json.null();
  }
  json.key("request_id").string(state.context.request_id);
  json.key("timings_ms").begin_object();
  for (const auto& [name, duration] : state.stages) json.key(name).thousandths(duration.count() * 1e3);
  json.key("total").thousandths(total.count() * 1e3);
  json.end_object().end_object();
}

/// Events citations, delta, done. The answer is complete already, so one delta carries it whole.
std::string as_events(const CachedAnswer& answer, const std::string& full) {
  const auto slice = [&answer](std::uint32_t begin, std::uint32_t end) {
    return std::string_view(answer.json).substr(begin, end - begin);
  };
  std::string events = ": ragd\n\nevent: citations\ndata: {\"citations\":";
  events += slice(answer.citations_begin, answer.citations_end);
  events += "}\n\nevent: delta\ndata: {\"text\":";
  events += slice(answer.answer_begin, answer.answer_end);
  events += "}\n\nevent: done\ndata: ";
  events += full;
  events += "\n\n";
  return events;
}

obs::Outcome outcome_of(const rag::Reply& reply) {
  if (reply.cached) return obs::Outcome::cached;
  return reply.no_answer ? obs::Outcome::no_answer : obs::Outcome::success;
}

/// Refusals and invalid requests are not queries; a computation that failed is.
bool counts_as_query_error(Errc code) {
  return code == Errc::internal || code == Errc::unavailable || code == Errc::deadline_exceeded;
}

}  // namespace

Task<Result<void>> QueryEndpoint::answer(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  const SteadyTime parse_begin = clock_.steady_now();
  Result<QueryRequest> request = read_request(exchange.request);
  if (!request) co_return request.error();
  const Seconds parsing = clock_.steady_now() - parse_begin;
  metrics_.stage_duration.observe(obs::Stage::parse, parsing.count());
  state.stages.emplace_back("parse", parsing);

  Result<rag::Reply> reply = co_await pipeline_.ask(state.context, request->question);
  if (!reply) {
    if (counts_as_query_error(reply.error().code)) state.outcome = obs::Outcome::error;
    co_return reply.error();
  }
  state.outcome = outcome_of(*reply);
  state.cache_status = name_of(reply->status);
  for (std::size_t i = 0; i < obs::kStages; ++i) {
    if (reply->times[i].count() > 0) state.stages.emplace_back(name_of(static_cast<obs::Stage>(i)), reply->times[i]);
  }

  const SteadyTime serialize_begin = clock_.steady_now();
  std::string body;
  body.reserve(reply->answer->json.size() + 512);
  body = reply->answer->json;
  append_tail(body, *reply, request->question, state, clock_.steady_now() - exchange.request.first_byte);
  if (request->stream) {
    exchange.response.content_type = "text/event-stream; charset=utf-8";
    exchange.response.add_header("X-Accel-Buffering", "no");
    body = as_events(*reply->answer, body);
  }
  exchange.response.body = std::move(body);
  exchange.response.add_header("Cache-Status", cache_status_header(*reply, request->question.cache));
  const Seconds serializing = clock_.steady_now() - serialize_begin;
  metrics_.stage_duration.observe(obs::Stage::serialize, serializing.count());
  co_return Result<void>{};
}

}  // namespace ragd::api
