// The tables ragd keeps in PostgreSQL, made and brought up to date by itself, and what a new connection needs to use
// them.
//
// Stateless. Migrations run in one transaction under an advisory lock, so that replicas may start at once. It refuses a
// schema newer than this program, and a pgvector older than 0.8 (whose index loses what a filter or tenant needs).
#pragma once

#include "retrieval/pgvector/connection.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

namespace ragd::retrieval::pgvector {

inline constexpr std::uint64_t kSchemaVersion = 1;

/// Errc::internal: the database is not one this program can use, and the detail says why in one line.
[[nodiscard]] Task<Result<void>> migrate(Connection& connection, SteadyTime deadline);

/// The settings of a session: where names are looked up, how vectors are searched.
[[nodiscard]] Task<Result<void>> set_up_session(Connection& connection, SteadyTime deadline);

/// What ends with the transaction it is in: the server gives up when nobody waits any more.
[[nodiscard]] Statement limit_time(SteadyTime deadline);

}  // namespace ragd::retrieval::pgvector
