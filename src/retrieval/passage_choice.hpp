// Which of the ranked passages are returned: near-duplicates left out, and, where asked for, ordered so that they also
// differ from each other. The same for every backend.
//
// DistinctPassages is one search's, on one thread; the functions are pure.
#pragma once

#include "retrieval/shingles.hpp"

#include <ragd/types.hpp>

#include <cstddef>
#include <vector>

namespace ragd::retrieval {

struct PassagePolicy {
  std::size_t top_k = 5;
  bool collapse = true;  ///< a passage that resembles a better one by kDuplicate or more is left out
  double diversity = 0;  ///< 0: by score alone; up to 1: maximal marginal relevance (Carbonell and Goldstein 1998)
};

inline constexpr double kDuplicate = 0.8;

/// How many chunks to rank so that top_k passages are likely to be left.
[[nodiscard]] std::size_t chunks_to_rank(const PassagePolicy& policy);

/// How many distinct passages to have before diversified() chooses among them.
[[nodiscard]] std::size_t passages_to_read(const PassagePolicy& policy);

/// Passages come best first; copies of better ones are left out.
class DistinctPassages {
 public:
  void add(Passage passage);
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] std::vector<Passage> take() && { return std::move(kept_); }

 private:
  std::vector<Passage> kept_;
  std::vector<Shingles> shingles_;  ///< by position
};

/// The best first, then always the one that scores best after what it repeats of those already taken.
[[nodiscard]] std::vector<Passage> diversified(std::vector<Passage> candidates, std::size_t wanted, double diversity);

/// All of it, where the ranked passages are at hand. `ranked`: best first.
[[nodiscard]] std::vector<Passage> choose_passages(std::vector<Passage> ranked, const PassagePolicy& policy);

}  // namespace ragd::retrieval
