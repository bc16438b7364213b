// What PostgreSQL's error codes (SQLSTATE) mean to ragd. Pure.
#pragma once

#include <ragd/error.hpp>

#include <string_view>

namespace ragd::retrieval::pgvector {

/// Errc::unavailable: the same may succeed later. Errc::internal: it will not, by itself.
[[nodiscard]] inline Errc errc_of(std::string_view sqlstate) {
  if (sqlstate == "57014") return Errc::deadline_exceeded;  // statement_timeout
  if (sqlstate == "53100") return Errc::storage_full;
  // Connection, deadlock and serialisation, out of resources, operator intervention, system error, read-only standby.
  for (const std::string_view passing : {"08", "40", "53", "57", "58", "25006"}) {
    if (sqlstate.starts_with(passing)) return Errc::unavailable;
  }
  return Errc::internal;
}

}  // namespace ragd::retrieval::pgvector
