#include "retrieval/passage_choice.hpp"

#include <algorithm>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Runs of this many words tell a copy from a text about the same.
constexpr std::size_t kCopyWidth = 4;
/// Single words tell whether two texts are about the same.
constexpr std::size_t kTopicWidth = 1;
constexpr std::size_t kSpare = 10;
constexpr std::size_t kCandidates = 3;  // as many times top_k are looked at for diversity

}  // namespace

std::size_t passages_to_read(const PassagePolicy& policy) {
  return policy.diversity > 0 ? kCandidates * policy.top_k : policy.top_k;
}

std::size_t chunks_to_rank(const PassagePolicy& policy) {
  const std::size_t wanted = passages_to_read(policy);
  return policy.collapse ? 2 * wanted + kSpare : wanted;
}

void DistinctPassages::add(Passage passage) {
  Shingles its(passage.text, kCopyWidth);
  const bool is_copy = std::any_of(shingles_.begin(), shingles_.end(),
                                   [&](const Shingles& other) { return its.resemblance(other) >= kDuplicate; });
  if (is_copy) return;
  shingles_.push_back(std::move(its));
  kept_.push_back(std::move(passage));
}

std::vector<Passage> diversified(std::vector<Passage> candidates, std::size_t wanted, double diversity) {
  std::vector<Shingles> topics;
  topics.reserve(candidates.size());
  for (const Passage& passage : candidates) topics.emplace_back(passage.text, kTopicWidth);
  std::vector<double> repeated(candidates.size(), 0);
  std::vector<bool> taken(candidates.size(), false);
  const double best = candidates.empty() ? 1 : candidates.front().score;
  std::vector<Passage> chosen;
  while (chosen.size() < std::min(wanted, candidates.size())) {
    std::size_t next = candidates.size();
    double gain = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (taken[i]) continue;
      const double its = (1 - diversity) * candidates[i].score / best - diversity * repeated[i];
      if (next == candidates.size() || its > gain) {
        next = i;
        gain = its;
      }
    }
    taken[next] = true;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      repeated[i] = std::max(repeated[i], topics[i].resemblance(topics[next]));
    }
    chosen.push_back(std::move(candidates[next]));
  }
  return chosen;
}

std::vector<Passage> choose_passages(std::vector<Passage> ranked, const PassagePolicy& policy) {
  const std::size_t wanted = passages_to_read(policy);
  if (policy.collapse) {
    DistinctPassages distinct;
    for (Passage& passage : ranked) {
      if (distinct.size() == wanted) break;
      distinct.add(std::move(passage));
    }
    ranked = std::move(distinct).take();
  } else if (ranked.size() > wanted) {
    ranked.resize(wanted);
  }
  return policy.diversity > 0 ? diversified(std::move(ranked), policy.top_k, policy.diversity) : std::move(ranked);
}

}  // namespace ragd::retrieval
