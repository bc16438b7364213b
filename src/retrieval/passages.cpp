#include "retrieval/passages.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace ragd::retrieval {

namespace {

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

/// Reads on until `wanted` passages are no copies of better ones.
Result<std::optional<Passages>> read_distinct(const store::View& view, const std::string& tenant,
                                              std::span<const RankedChunk> ranked, std::size_t wanted,
                                              store::ReadFrom from) {
  DistinctPassages kept;
  while (kept.size() < wanted && !ranked.empty()) {
    const std::size_t next = std::min(ranked.size(), wanted - kept.size());
    auto passages = read(view, tenant, ranked.first(next), from);
    if (!passages || !*passages) return passages;
    ranked = ranked.subspan(next);
    for (Passage& passage : **passages) kept.add(std::move(passage));
  }
  return std::optional(std::move(kept).take());
}

}  // namespace

Result<std::optional<Passages>> read_passages(const store::View& view, const std::string& tenant,
                                              const std::vector<RankedChunk>& ranked, const PassagePolicy& policy,
                                              store::ReadFrom from) {
  const std::size_t wanted = std::min(ranked.size(), passages_to_read(policy));
  auto passages = policy.collapse ? read_distinct(view, tenant, ranked, wanted, from)
                                  : read(view, tenant, std::span(ranked).first(wanted), from);
  if (!passages || !*passages || policy.diversity <= 0) return passages;
  return std::optional(diversified(**std::move(passages), policy.top_k, policy.diversity));
}

}  // namespace ragd::retrieval
