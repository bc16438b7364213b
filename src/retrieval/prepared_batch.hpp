// A batch of documents as it is going to be stored and indexed: cut into chunks, its metadata read.
//
// Whatever can be wrong with a batch is found here, before anything is written. Stateless, thread-safe.
#pragma once

#include "store/stored_document.hpp"

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <vector>

namespace ragd::retrieval {

struct PreparedBatch {
  std::vector<store::StoredDocument> documents;
  std::vector<Metadata> metadata;  ///< by position
};

[[nodiscard]] Result<PreparedBatch> prepare(std::vector<Document> batch);

}  // namespace ragd::retrieval
