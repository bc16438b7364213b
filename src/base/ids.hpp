// Identifiers: random UUIDs for stores, request and trace ids. Thread-safe; the fast ids come from a per-thread
// generator seeded by the system and are unique, not secret.
#pragma once

#include <string>
#include <string_view>

namespace ragd::base {

/// RFC 9562 version 4, from the system's random source.
[[nodiscard]] std::string uuid_v4();

/// Makes `out` 32 hex digits, unique within any fleet.
void assign_random_hex_128(std::string& out);

/// May a client's x-request-id be kept? ^[A-Za-z0-9._-]{1,128}$
[[nodiscard]] bool is_request_id(std::string_view text);

/// The trace id of a W3C traceparent (version 00 and compatible later ones), or empty when it is not one.
[[nodiscard]] std::string_view trace_id_of(std::string_view traceparent);

}  // namespace ragd::base
