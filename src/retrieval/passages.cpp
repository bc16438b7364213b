#include "retrieval/passages.hpp"

#include "retrieval/shingles.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Runs of this many words tell a copy from a text about the same.
constexpr std::size_t kCopyWidth = 4;
/// Single words tell whether two texts are about the same.
constexpr std::size_t kTopicWidth = 1;
constexpr std::size_t kSpare = 10;
constexpr std::size_t kCandidates = 3;  // as many times top_k are looked at for diversity

using Passages = std::vector<Passage>;

Passage passage_of(const RankedChunk& ranked, store::StoredPassage stored) {
  const std::uint32_t document = ranked.segment->document_of(ranked.chunk);
  const std::uint32_t ordinal = ranked.chunk - ranked.segment->first_chunk(document);
  Passage passage;
  passage.document_id = ranked.segment->id(document);
  passage.chunk_id = passage.document_id + "#" + std::to_string(ordinal);
  passage.title = std::move(stored.title);
  passage.source = std::move(stored.source);
  passage.heading = std::move(stored.heading);
  passage.text = std::move(stored.text);
  passage.metadata_json = std::move(stored.metadata_json);
  passage.score = ranked.score;
  passage.start = stored.start;
  passage.end = stored.end;
  return passage;
}

Result<std::optional<Passages>> read(const store::View& view, const std::string& tenant,
                                     std::span<const RankedChunk> ranked, store::ReadFrom from) {
  std::vector<store::PassageRef> refs;
  for (const RankedChunk& chunk : ranked) {
    const std::uint32_t document = chunk.segment->document_of(chunk.chunk);
    refs.push_back({chunk.segment->id(document), chunk.chunk - chunk.segment->first_chunk(document)});
  }
  auto stored = view.passages(tenant, refs, from);
  if (!stored) return stored.error();
  if (!*stored) return std::optional<Passages>();
  Passages passages;
  for (std::size_t i = 0; i < ranked.size(); ++i) passages.push_back(passage_of(ranked[i], std::move((**stored)[i])));
  return std::optional(std::move(passages));
}

bool is_copy(const Shingles& shingles, const std::vector<Shingles>& kept) {
  return std::any_of(kept.begin(), kept.end(),
                     [&](const Shingles& other) { return shingles.resemblance(other) >= kDuplicate; });
}

/// Reads on until `wanted` passages are no copies of better ones.
Result<std::optional<Passages>> read_distinct(const store::View& view, const std::string& tenant,
                                              std::span<const RankedChunk> ranked, std::size_t wanted,
                                              store::ReadFrom from) {
  Passages kept;
  std::vector<Shingles> shingles;
  while (kept.size() < wanted && !ranked.empty()) {
    const std::size_t next = std::min(ranked.size(), wanted - kept.size());
    auto passages = read(view, tenant, ranked.first(next), from);
    if (!passages || !*passages) return passages;
    ranked = ranked.subspan(next);
    for (Passage& passage : **passages) {
      Shingles its(passage.text, kCopyWidth);
      if (is_copy(its, shingles)) continue;
      shingles.push_back(std::move(its));
      kept.push_back(std::move(passage));
    }
  }
  return std::optional(std::move(kept));
}

/// The best first, then always the one that scores best after what it repeats of those already taken.
Passages diversified(Passages candidates, std::size_t wanted, double diversity) {
  std::vector<Shingles> topics;
  for (const Passage& passage : candidates) topics.emplace_back(passage.text, kTopicWidth);
  std::vector<double> repeated(candidates.size(), 0);
  std::vector<bool> taken(candidates.size(), false);
  const double best = candidates.empty() ? 1 : candidates.front().score;
  Passages chosen;
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

}  // namespace

std::size_t chunks_to_rank(const PassagePolicy& policy) {
  const std::size_t wanted = policy.diversity > 0 ? kCandidates * policy.top_k : policy.top_k;
  return policy.collapse ? 2 * wanted + kSpare : wanted;
}

Result<std::optional<Passages>> read_passages(const store::View& view, const std::string& tenant,
                                              const std::vector<RankedChunk>& ranked, const PassagePolicy& policy,
                                              store::ReadFrom from) {
  const std::size_t wanted = std::min(ranked.size(), policy.diversity > 0 ? kCandidates * policy.top_k : policy.top_k);
  auto passages = policy.collapse ? read_distinct(view, tenant, ranked, wanted, from)
                                  : read(view, tenant, std::span(ranked).first(wanted), from);
  if (!passages || !*passages || policy.diversity <= 0) return passages;
  return std::optional(diversified(**std::move(passages), policy.top_k, policy.diversity));
}

}  // namespace ragd::retrieval
