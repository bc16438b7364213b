// Documents out of the tables, one or many. Stateless.
#pragma once

#include "retrieval/pgvector/connection.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace ragd::retrieval::pgvector {

[[nodiscard]] Task<Result<Document>> get_document(Connection& connection, const std::string& tenant,
                                                  const std::string& id, SteadyTime deadline);

/// `model`: whose vectors passages may wait for; 0: none.
[[nodiscard]] Task<Result<DocumentPage>> list_documents(Connection& connection, const std::string& tenant,
                                                        const std::string& after, std::size_t limit,
                                                        std::uint64_t model, SteadyTime deadline);

[[nodiscard]] Task<Result<DocumentBatch>> scan_documents(Connection& connection, const std::string& tenant,
                                                         const std::string& after, std::size_t limit,
                                                         SteadyTime deadline);

}  // namespace ragd::retrieval::pgvector
