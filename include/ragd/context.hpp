// Who asks, when, and until when: made once per request, handed down by reference to whoever works for it.
#pragma once

#include <ragd/clock.hpp>

#include <cstdint>
#include <string>

namespace ragd {

/// What a key may do. Without a keys file every caller may query and ingest; admin is loopback's alone.
enum class Scope : std::uint8_t { none = 0, query = 1, ingest = 2, admin = 4 };

using Scopes = std::uint8_t;  ///< a set of Scope bits

[[nodiscard]] constexpr bool has(Scopes scopes, Scope wanted) {
  return (scopes & static_cast<Scopes>(wanted)) == static_cast<Scopes>(wanted);
}

struct Caller {
  std::string tenant = "default";
  std::string key_name;  ///< the API key's name, empty for an anonymous caller; never the key
  Scopes scopes = 0;
};

struct RequestContext {
  std::string request_id;
  std::string trace_id;  ///< 32 hex digits, from traceparent or made here
  Caller caller;
  SteadyTime now;       ///< read once, when the head was complete
  WallTime wall_now;    ///< the same instant on the wall
  SteadyTime deadline;  ///< no work for this request is worth doing after it
};

}  // namespace ragd
