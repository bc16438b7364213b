// A query's filter as a condition in SQL over documents.fields, and a document's metadata as that column holds it.
//
// Stateless, thread-safe. Fields and values are parameters. A field's values are always a list there, numbers written
// shortest, so that equality is containment, which the column's index answers; nulls and nested values are not in it.
#pragma once

#include "retrieval/pgvector/statement.hpp"

#include <ragd/types.hpp>

#include <string>

namespace ragd::retrieval::pgvector {

/// {"field":["a","b"],"other":[1]}
[[nodiscard]] std::string fields_json(const Metadata& metadata);

/// Appends " AND EXISTS (...)" for chunks or embeddings called `alias`, where there is something to ask for.
void append_filter(Statement& statement, const Filter& filter, const std::string& alias);

}  // namespace ragd::retrieval::pgvector
