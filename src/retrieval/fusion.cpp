#include "retrieval/fusion.hpp"

#include <algorithm>

namespace ragd::retrieval {

namespace {

/// Of reciprocal ranks: Cormack, Clarke and Buettcher's.
constexpr double kRanksAdded = 60;

/// Appends what one ranking gives its chunks: `weight` to the best, nothing to the least.
void add_scores(const std::vector<Candidate>& ranking, double weight, std::vector<FusedChunk>& parts) {
  if (ranking.empty()) return;
  const double least = ranking.back().score;
  const double range = ranking.front().score - least;
  for (const Candidate& candidate : ranking) {
    parts.push_back({candidate.chunk, weight * (range > 0 ? (candidate.score - least) / range : 1)});
  }
}

/// The same by ranks: `weight` to the best.
void add_ranks(const std::vector<Candidate>& ranking, double weight, std::vector<FusedChunk>& parts) {
  double rank = 0;
  for (const Candidate& candidate : ranking) {
    rank += 1;
    parts.push_back({candidate.chunk, weight * (kRanksAdded + 1) / (kRanksAdded + rank)});
  }
}

/// One for each chunk.
void sum_up(std::vector<FusedChunk>& parts) {
  std::sort(parts.begin(), parts.end(), [](const FusedChunk& a, const FusedChunk& b) { return a.chunk < b.chunk; });
  std::size_t kept = 0;
  for (const FusedChunk& part : parts) {
    if (kept > 0 && parts[kept - 1].chunk == part.chunk) {
      parts[kept - 1].score += part.score;
    } else {
      parts[kept++] = part;
    }
  }
  parts.resize(kept);
}

}  // namespace

std::vector<FusedChunk> fuse(const std::vector<Candidate>& lexical, const std::vector<Candidate>& vectors, Fusion how,
                             double weight, std::size_t count) {
  const auto add = how == Fusion::rrf ? add_ranks : add_scores;
  std::vector<FusedChunk> fused;
  fused.reserve(lexical.size() + vectors.size());
  if (weight < 1) add(lexical, 1 - weight, fused);
  if (weight > 0) add(vectors, weight, fused);
  sum_up(fused);
  std::sort(fused.begin(), fused.end(), [](const FusedChunk& a, const FusedChunk& b) {
    return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
  });
  if (fused.size() > count) fused.resize(count);
  return fused;
}

}  // namespace ragd::retrieval
