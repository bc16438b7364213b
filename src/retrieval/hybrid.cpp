#include "retrieval/hybrid.hpp"

#include <algorithm>

namespace ragd::retrieval {

namespace {

bool is_before(const RankedChunk& a, const RankedChunk& b) {
  return ranks_before({0, a.segment, a.chunk}, {0, b.segment, b.chunk});
}

/// All chunks in the order in which ties are broken: a chunk's place there is its number.
std::vector<RankedChunk> numbered(const std::vector<RankedChunk>& lexical, const std::vector<RankedChunk>& vectors) {
  std::vector<RankedChunk> all = lexical;
  all.insert(all.end(), vectors.begin(), vectors.end());
  std::sort(all.begin(), all.end(), is_before);
  const auto same = [](const RankedChunk& a, const RankedChunk& b) {
    return a.segment == b.segment && a.chunk == b.chunk;
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

std::vector<Candidate> candidates_of(const std::vector<RankedChunk>& ranking, const std::vector<RankedChunk>& all) {
  std::vector<Candidate> candidates;
  candidates.reserve(ranking.size());
  for (const RankedChunk& chunk : ranking) {
    const auto place = std::lower_bound(all.begin(), all.end(), chunk, is_before);
    candidates.push_back({static_cast<std::size_t>(place - all.begin()), chunk.score});
  }
  return candidates;
}

}  // namespace

std::vector<RankedChunk> fuse_chunks(const std::vector<RankedChunk>& lexical, const std::vector<RankedChunk>& vectors,
                                     Fusion how, double weight, std::size_t count) {
  const std::vector<RankedChunk> all = numbered(lexical, vectors);
  std::vector<RankedChunk> fused;
  for (const FusedChunk& chunk : fuse(candidates_of(lexical, all), candidates_of(vectors, all), how, weight, count)) {
    fused.push_back({chunk.score, all[chunk.chunk].segment, all[chunk.chunk].chunk});
  }
  return fused;
}

}  // namespace ragd::retrieval
