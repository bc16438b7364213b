// Documents into the tables and out of them: each change one transaction, which bumps the tenant's version with it.
//
// Stateless. Writers of one tenant take turns behind its row in ragd.corpus, replicas included; readers wait for
// nobody. How many chunks hold a word is counted in the same transaction, so that BM25's numbers are those of what is
// there.
#pragma once

#include "retrieval/pgvector/batch_rows.hpp"
#include "retrieval/pgvector/connection.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>

#include <string>

namespace ragd::retrieval::pgvector {

[[nodiscard]] Task<Result<PutOutcome>> put_rows(Connection& connection, const std::string& tenant,
                                                const BatchRows& rows, SteadyTime deadline);

/// The version after it; Errc::not_found.
[[nodiscard]] Task<Result<std::string>> erase_document(Connection& connection, const std::string& tenant,
                                                       const std::string& id, SteadyTime deadline);

}  // namespace ragd::retrieval::pgvector
