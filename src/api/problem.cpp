#include "api/problem.hpp"

#include "base/json.hpp"

#include <string>

namespace ragd::api {

ProblemKind problem_kind(Errc code) {
  using enum obs::Rejection;
  switch (code) {
    case Errc::bad_request:
      return {400, "bad-request", "Bad request", bad_request, LogLevel::info};
    case Errc::unauthorized:
      return {401, "unauthorized", "Unauthorized", unauthorized, LogLevel::info};
    case Errc::forbidden:
      return {403, "forbidden", "Forbidden", unauthorized, LogLevel::info};
    case Errc::not_found:
      return {404, "not-found", "Not found", {}, LogLevel::info};
    case Errc::method_not_allowed:
      return {405, "method-not-allowed", "Method not allowed", {}, LogLevel::info};
    case Errc::request_timeout:
      return {408, "request-timeout", "Request timeout", bad_request, LogLevel::info};
    case Errc::conflict:
      return {409, "conflict", "Conflict", {}, LogLevel::info};
    case Errc::payload_too_large:
      return {413, "payload-too-large", "Payload too large", body_too_large, LogLevel::info};
    case Errc::uri_too_long:
      return {414, "uri-too-long", "URI too long", bad_request, LogLevel::info};
    case Errc::unsupported_media_type:
      return {415, "unsupported-media-type", "Unsupported media type", bad_request, LogLevel::info};
    case Errc::misdirected:
      return {421, "misdirected-request", "Misdirected request", bad_request, LogLevel::info};
    case Errc::unprocessable:
      return {422, "unprocessable", "Unprocessable content", bad_request, LogLevel::info};
    case Errc::rate_limited:
      return {429, "rate-limit", "Rate limit exceeded", rate_limit, LogLevel::info};
    case Errc::headers_too_large:
      return {431, "headers-too-large", "Request header fields too large", bad_request, LogLevel::info};
    case Errc::internal:
      return {500, "internal", "Internal server error", {}, LogLevel::error};
    case Errc::not_implemented:
      return {501, "not-implemented", "Not implemented", bad_request, LogLevel::info};
    case Errc::overloaded:
      return {503, "overloaded", "Overloaded", overload, LogLevel::warning};
    case Errc::shutting_down:
      return {503, "shutting-down", "Shutting down", shutting_down, LogLevel::info};
    case Errc::unavailable:
      return {503, "unavailable", "Service unavailable", {}, LogLevel::error};
    case Errc::deadline_exceeded:
      return {504, "deadline-exceeded", "Deadline exceeded", {}, LogLevel::warning};
    case Errc::version_not_supported:
      return {505, "http-version", "HTTP version not supported", bad_request, LogLevel::info};
    case Errc::storage_full:
      return {507, "storage-full", "Insufficient storage", {}, LogLevel::error};
    case Errc::canceled:
      return {503, "canceled", "Canceled", {}, LogLevel::info};
  }
  return {500, "internal", "Internal server error", {}, LogLevel::error};
}

void write_problem(net::HttpResponse& response, const Error& error, std::string_view request_id, long retry_after_s) {
  const ProblemKind kind = problem_kind(error.code);
  response.status = kind.status;
  response.content_type = "application/problem+json";
  response.body.clear();
  base::JsonWriter json(response.body);
  json.begin_object();
  json.key("type").string("urn:ragd:problem:" + std::string(kind.type));
  json.key("title").string(kind.title);
  json.key("status").integer(kind.status);
  json.key("error").string(kind.title);
  if (!error.hint.empty()) json.key("detail").string(error.hint);
  if (retry_after_s > 0) json.key("retry_after").integer(retry_after_s);
  json.key("request_id").string(request_id);
  json.end_object();
  if (retry_after_s > 0) response.add_header("Retry-After", std::to_string(retry_after_s));
}

}  // namespace ragd::api
