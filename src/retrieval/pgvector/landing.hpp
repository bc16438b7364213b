// Vectors of documents into the table, one transaction for a batch, whatever tenants are in it. landing_rows is pure
// and heavy: run it on a pool.
#pragma once

#include "retrieval/embedding_queue.hpp"
#include "retrieval/pgvector/connection.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ragd::retrieval::pgvector {

/// In SQL: a document waits that is not of this model, in three parts which the index on model finds.
[[nodiscard]] inline std::string waits_for(const std::string& model) {
  return "(model IS NULL OR model < " + model + " OR model > " + model + ")";
}

/// Each a text form of an array: of the documents, then of their vectors.
struct LandingRows {
  std::string tenants;
  std::string ids;
  std::string stamps;
  std::string vector_tenants;
  std::string vector_ids;
  std::string ordinals;
  std::string vectors;
};

[[nodiscard]] LandingRows landing_rows(const std::vector<DocumentVectors>& batch);

/// Documents whose stamp has changed are left out; the versions of the others' tenants are bumped.
[[nodiscard]] Task<Result<void>> land_rows(Connection& connection, const LandingRows& rows, std::uint64_t model,
                                           SteadyTime deadline);

}  // namespace ragd::retrieval::pgvector
