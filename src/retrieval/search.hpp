// BM25 over one snapshot: the chunks that score best for the words of the query are returned as passages.
//
// One Search is one query's, used by one thread at a time; constructing it only looks words up, run() does the work.
// Scoring: Robertson/Sparck Jones idf with the +1 inside the logarithm (never negative), term weights of bm25.hpp,
// divided by what the query could attain at most, so that a score is a part of 1 whatever the query's length.
#pragma once

#include "retrieval/snapshot.hpp"

#include <ragd/retriever.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

class Search {
 public:
  /// Words that occur twice in the query weigh double.
  Search(SnapshotPtr snapshot, std::string_view query);

  /// How many postings run() will walk at most: an estimate of its cost.
  [[nodiscard]] std::size_t postings() const;

  /// At most `top_k` passages that match the filter and score at least `min_score`; ties by document id, then chunk.
  [[nodiscard]] Retrieved run(std::size_t top_k, double min_score, const Filter& filter) const;

 private:
  struct Term {
    std::string stem;
    double multiplicity = 0;
    std::vector<Postings> postings;  ///< by segment
  };

  [[nodiscard]] std::vector<double> weigh() const;

  SnapshotPtr snapshot_;
  std::vector<Term> terms_;  ///< distinct, in order of first appearance
};

}  // namespace ragd::retrieval
