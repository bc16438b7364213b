#include "cli/api.hpp"

#include "base/ascii.hpp"

#include <utility>

namespace ragd::cli {

namespace {

template <class T>
T field(const simdjson::dom::element& object, std::string_view name) {
  T value{};
  // A failed get leaves the value as it is.
  [[maybe_unused]] const auto error = object[name].get(value);
  return value;
}

/// What the server says is wrong: "error" of its problem documents.
}  // namespace

std::string reason_in(const std::string& body) {
  const auto document = base::JsonDocument::parse(body);
  if (!document) return {};
  std::string detail = text_field(document->root(), "detail");
  return detail.empty() ? text_field(document->root(), "error") : detail;
}

namespace {

std::string after_waiting(const ClientResponse& response) {
  if (!response.retry_after) return "try again in a moment";
  return "try again in " + std::to_string(response.retry_after->count()) + " s";
}

}  // namespace

std::string explain(const ClientResponse& response, const std::string& url) {
  switch (response.status) {
    case 401:
      return url + " wants an API key: give one with --api-key or RAGD_API_KEY";
    case 403:
      return url + " does not allow this to the API key that was given: use one with the scope for it";
    case 404:
      return url + " has no such page: is it really ragd? Name another server with --url";
    case 429:
      return url + " limits how often it may be asked: " + after_waiting(response);
    case 503:
      return url + " is overloaded or shutting down: " + after_waiting(response);
    case 507:
      return url + " has no disk space left: make room in its data_dir";
    default:
      break;
  }
  const std::string reason = reason_in(response.body);
  return url + " answered " + std::to_string(response.status) + (reason.empty() ? "" : ": " + reason) +
         (response.status >= 500 ? " (its log says more)" : "");
}

Result<ClientResponse> call(Transport& transport, const ClientRequest& request, const std::string& url) {
  auto response = transport.send(request);
  if (!response) return response.error();
  if (response->status != 200) return fail(Errc::unavailable, explain(*response, url));
  return response;
}

Result<base::JsonDocument> parse_body(const ClientResponse& response, const std::string& url) {
  auto document = base::JsonDocument::parse(response.body);
  if (document && document->root().is_object()) return document;
  return fail(Errc::bad_request, url + " answered with something else than JSON: is it really ragd?");
}

std::string text_field(const simdjson::dom::element& object, std::string_view name) {
  return std::string(field<std::string_view>(object, name));
}

double number_field(const simdjson::dom::element& object, std::string_view name) {
  return field<double>(object, name);
}

std::uint64_t count_field(const simdjson::dom::element& object, std::string_view name) {
  return field<std::uint64_t>(object, name);
}

bool bool_field(const simdjson::dom::element& object, std::string_view name) {
  return field<bool>(object, name);
}

simdjson::dom::array array_field(const simdjson::dom::element& object, std::string_view name) {
  return field<simdjson::dom::array>(object, name);
}

std::string escape_query(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (const char c : text) {
    if (base::is_letter(c) || base::is_digit(c) || kUnreserved.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

}  // namespace ragd::cli
