// Reading request bodies: content type, one JSON object, and its typed fields with errors a client can act on.
//
// Stateless. Unknown fields are ignored, as in the challenge's sketch; a known one of the wrong type is a 422 that
// names it.
#pragma once

#include "base/json.hpp"
#include "net/exchange.hpp"

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::api {

/// 415 unless the body is announced as uncompressed UTF-8 JSON.
[[nodiscard]] Result<void> check_json_content(const net::HttpRequest& request);

/// The body as a JSON document whose root is an object.
[[nodiscard]] Result<base::JsonDocument> parse_object(std::string_view body);

/// Absent and null are the same: nothing. Strings are counted in bytes, and live as long as their document.
[[nodiscard]] Result<std::optional<std::string_view>> string_field(const simdjson::dom::object& object,
                                                                   std::string_view name, std::size_t min_bytes,
                                                                   std::size_t max_bytes);
[[nodiscard]] Result<std::optional<std::uint64_t>> integer_field(const simdjson::dom::object& object,
                                                                 std::string_view name, std::uint64_t min,
                                                                 std::uint64_t max);
[[nodiscard]] Result<std::optional<bool>> bool_field(const simdjson::dom::object& object, std::string_view name);

/// {"field": value | [values] | {"gte": v, "lte": v}}; absent: no condition.
[[nodiscard]] Result<Filter> filter_field(const simdjson::dom::object& object, std::string_view name);

/// A percent-encoded path or query component in plain bytes; nothing on a bad escape or invalid UTF-8.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// The decoded value of a query parameter: nothing when absent, an error when it cannot be decoded or stands twice.
[[nodiscard]] Result<std::optional<std::string>> query_parameter(std::string_view query, std::string_view name);

}  // namespace ragd::api
