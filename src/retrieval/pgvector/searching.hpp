// One question against the tables: the words' ranking and the vectors' ranking, fused, and the passages they lead to,
// all of one snapshot together with its version.
//
// Stateless. Words are scored as in the embedded index: BM25 with exact document frequencies, divided by what the
// question could attain. ts_rank_cd of a single word with all weights 1 is how often it occurs, which is all that is
// taken from PostgreSQL's own ranking: that knows neither rare words nor long texts.
#pragma once

#include "retrieval/fusion.hpp"
#include "retrieval/passage_choice.hpp"
#include "retrieval/pgvector/connection.hpp"
#include "retrieval/pgvector/lexemes.hpp"

#include <ragd/clock.hpp>
#include <ragd/embedder.hpp>
#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval::pgvector {

/// What is asked; owned by the retrieve under way.
struct Inquiry {
  std::string tenant;
  std::vector<QueryWord> words;
  std::shared_ptr<const Vector> vector;  ///< null: by words alone; owners: this and the query embedder's cache
  std::uint64_t model = 0;               ///< the vector's; 0: the database has none of it
  Filter filter;
  PassagePolicy policy;
  double k1 = 0;
  double b = 0;
  double min_score = 0;
  Fusion fusion = Fusion::weighted;
  double vector_weight = 0;
};

[[nodiscard]] Task<Result<Retrieved>> search(Connection& connection, const Inquiry& inquiry, SteadyTime deadline);

/// How vectors of one dimension are compared and indexed: "embedding::vector(64)", or halves where those of full
/// precision have no index. `text`: the column, or a parameter.
[[nodiscard]] std::string as_indexed(const std::string& text, std::size_t dimension);
[[nodiscard]] bool has_index(std::size_t dimension);

}  // namespace ragd::retrieval::pgvector
