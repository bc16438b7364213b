// The server's answers as the verbs need them: JSON fields, and failures as one line that says what to do next.
//
// Stateless, thread-safe.
#pragma once

#include "base/json.hpp"
#include "cli/transport.hpp"

#include <ragd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::cli {

/// Sends, and insists on a 200 with JSON. The Error's detail is the line for the person; `url` names the server in it.
[[nodiscard]] Result<ClientResponse> call(Transport& transport, const ClientRequest& request, const std::string& url);

/// Why the server refused, in its own words; empty when it does not say.
[[nodiscard]] std::string reason_in(const std::string& body);

/// That line for an answer that is not a 200.
[[nodiscard]] std::string explain(const ClientResponse& response, const std::string& url);

/// The body of a 200, or an Error that says the server is not ragd.
[[nodiscard]] Result<base::JsonDocument> parse_body(const ClientResponse& response, const std::string& url);

/// Fields of an object; a missing one, or one of another type, is empty, zero, false.
[[nodiscard]] std::string text_field(const simdjson::dom::element& object, std::string_view name);
[[nodiscard]] double number_field(const simdjson::dom::element& object, std::string_view name);
[[nodiscard]] std::uint64_t count_field(const simdjson::dom::element& object, std::string_view name);
[[nodiscard]] bool bool_field(const simdjson::dom::element& object, std::string_view name);
[[nodiscard]] simdjson::dom::array array_field(const simdjson::dom::element& object, std::string_view name);

/// Percent-encodes all but unreserved characters (RFC 3986, 2.3).
[[nodiscard]] std::string escape_query(std::string_view text);

}  // namespace ragd::cli
