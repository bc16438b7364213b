// BM25 over one snapshot: the chunks that score best for the words of the query.
//
// One Search is one query's, used by one thread at a time; constructing it only looks words up, run() does the work.
// Scoring: Robertson/Sparck Jones idf with the +1 inside the logarithm (never negative), term scores of bm25.hpp,
// divided by what the query could attain at most, so that a score is a part of 1 whatever the query's length.
#pragma once

#include "base/analyzer.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/snapshot.hpp"
#include "retrieval/top_chunks.hpp"

#include <ragd/retriever.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// Chunks are of the Search's snapshot, which must outlive this.
struct Ranking {
  std::vector<RankedChunk> chunks;  ///< best first; ties by document id, then chunk
  std::vector<QueryTerm> terms;
};

class Search {
 public:
  /// Words that occur twice in the query weigh double.
  Search(SnapshotPtr snapshot, std::string_view query, Bm25 parameters, base::TermUse use = base::TermUse::query);

  /// How many postings run() will walk at most: an estimate of its cost.
  [[nodiscard]] std::size_t postings() const;

  /// At most `count` chunks of documents that meet the filter and score at least `min_score`.
  [[nodiscard]] Ranking run(std::size_t count, double min_score, const Filter& filter) const;

  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }

 private:
  struct Term {
    std::string stem;
    double multiplicity = 0;
    std::vector<std::optional<std::size_t>> words;  ///< its place in each segment's dictionary
  };

  [[nodiscard]] double weight_of(const Term& term) const;

  SnapshotPtr snapshot_;
  Bm25 parameters_;
  std::vector<Term> terms_;  ///< distinct, in order of first appearance
};

}  // namespace ragd::retrieval
