#include "api/query.hpp"

#include "api/fields.hpp"
#include "api/timings.hpp"
#include "base/json.hpp"
#include "base/text_out.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace ragd::api {

namespace {

constexpr std::size_t kMaxQuestionBytes = 8192;
constexpr std::size_t kMaxSessionBytes = 128;
constexpr std::size_t kMaxTopK = 50;

Result<CacheMode> cache_mode(const simdjson::dom::object& object) {
  const auto mode = string_field(object, "cache", 0, 16);
  const std::string_view name = mode ? mode->value_or("use") : "";
  if (name == "use") return CacheMode::use;
  if (name == "refresh") return CacheMode::refresh;
  if (name == "bypass") return CacheMode::bypass;
  return fail(Errc::unprocessable, {}, "'cache' must be \"use\", \"refresh\" or \"bypass\"");
}

Result<void> read_request(const net::HttpRequest& request, QueryRequest& query) {
  if (auto content = check_json_content(request); !content) return content.error();
  const auto document = parse_object(request.body);
  if (!document) return document.error();
  const simdjson::dom::object object(document->root());

  const auto text = string_field(object, "question", 1, kMaxQuestionBytes);
  if (!text) return text.error();
  if (!*text) return fail(Errc::unprocessable, {}, "'question' is missing: a string of 1 to 8192 bytes");
  query.question.text = **text;
  const std::string_view accept = request.header("Accept").value_or("");
  query.stream = accept.find("text/event-stream") != std::string_view::npos;
  query.question.cache = CacheMode::use;
  query.question.top_k = 0;
  query.question.session_id.reset();
  query.question.filter.clear();
  if (object.size() == 1) return {};  // as most: there is no other field to look for
  const auto session = string_field(object, "session_id", 0, kMaxSessionBytes);
  if (!session) return session.error();
  query.question.session_id = *session;
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
  query.stream = stream->value_or(query.stream);
  return {};
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

std::int64_t whole_seconds(std::int64_t milliseconds) {
  return std::max<std::int64_t>(0, milliseconds) / 1000;
}

/// RFC 9211.
void write_cache_status(base::TextOut& out, const rag::Reply& reply, CacheMode mode) {
  out << "Cache-Status: ragd; ";
  switch (reply.status) {
    case rag::CacheStatus::hit:
    case rag::CacheStatus::stale:
    case rag::CacheStatus::revalidated:
      out << "hit; ttl=" << whole_seconds(reply.ttl_ms);
      if (reply.status != rag::CacheStatus::hit) out << "; detail=" << name_of(reply.status);
      break;
    case rag::CacheStatus::coalesced:
      out << "fwd=uri-miss; collapsed";
      break;
    case rag::CacheStatus::bypass:
      out << "fwd=bypass";
      break;
    case rag::CacheStatus::miss:
      out << (mode == CacheMode::refresh ? std::string_view("fwd=request") : std::string_view("fwd=uri-miss"));
      break;
  }
  out << "\r\n";
}

/// The members that differ from response to response, behind the answer's ready-made front.
void append_tail(std::string& body, const rag::Reply& reply, const Question& question, const RequestState& state,
                 std::chrono::nanoseconds total) {
  constexpr std::size_t kRoom = 448;  // for all of it, with a short session_id
  base::TextOut out(body, kRoom);
  out << ",\"cached\":" << (reply.cached ? std::string_view("true") : std::string_view("false"));
  out << ",\"cache\":{\"status\":\"" << name_of(reply.status) << "\",\"age_s\":" << whole_seconds(reply.age_ms)
      << ",\"ttl_s\":" << whole_seconds(reply.ttl_ms) << "},\"corpus_version\":";
  base::write_json_string(out, *reply.version);
  out << ",\"session_id\":";
  if (question.session_id) {
    base::write_json_string(out, *question.session_id);
  } else {
    out << "null";
  }
  out << ",\"request_id\":\"" << state.context.request_id << "\",\"timings_ms\":";  // a plain name, so needs no escapes
  write_timings(out, state.stages, total);
  out << "}";
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

std::optional<Result<void>> QueryEndpoint::recall(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  const Result<void> read = read_request(exchange.request, state.query);
  if (!read) return read.error();
  pipeline_.make_plan(state.context, state.query.question, state.plan);
  const SteadyTime parsed = std::chrono::steady_clock::now();
  state.parsing = parsed - exchange.request.last_byte;
  metrics_.stage_duration.observe(obs::Stage::parse, std::chrono::duration<double>(state.parsing).count());
  const std::optional<rag::Reply> reply = pipeline_.recall(state.context, state.query.question, state.plan, parsed);
  if (!reply) return std::nullopt;
  respond(exchange, *reply, parsed + reply->times[static_cast<std::size_t>(obs::Stage::cache_lookup)]);
  return Result<void>{};
}

Task<Result<void>> QueryEndpoint::answer(net::Exchange& exchange) {
  RequestState& state = state_of(exchange);
  Result<rag::Reply> reply = co_await pipeline_.ask(state.context, state.query.question, state.plan);
  if (!reply) {
    if (counts_as_query_error(reply.error().code)) state.outcome = obs::Outcome::error;
    co_return reply.error();
  }
  respond(exchange, *reply, std::chrono::steady_clock::now());
  co_return Result<void>{};
}

void QueryEndpoint::respond(net::Exchange& exchange, const rag::Reply& reply, SteadyTime found) {
  RequestState& state = state_of(exchange);
  state.outcome = outcome_of(reply);
  state.cache_status = name_of(reply.status);
  state.stages = reply.times;
  state.stages[static_cast<std::size_t>(obs::Stage::parse)] = state.parsing;
  state.answer_found = found;

  net::HttpResponse& response = exchange.response;
  response.body = reply.answer->json;
  append_tail(response.body, reply, state.query.question, state, found - exchange.request.first_byte);
  if (state.query.stream) {
    response.content_type = "text/event-stream; charset=utf-8";
    response.add_header("X-Accel-Buffering", "no");
    response.body = as_events(*reply.answer, response.body);
  }
  base::TextOut headers(response.headers);
  write_cache_status(headers, reply, state.query.question.cache);
}

}  // namespace ragd::api
