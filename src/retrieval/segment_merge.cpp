// Segment::merge: interleaves sorted documents and sorted dictionaries; no text is looked at.
#include "retrieval/dictionary_merge.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/segment_draft.hpp"

#include <algorithm>

namespace ragd::retrieval {

namespace {

struct Origin {
  std::size_t source = 0;
  std::size_t position = 0;
};

bool is_dead(const Segment::Source& source, std::size_t position) {
  return source.dead != nullptr && source.dead->test(position);
}

/// The live documents of all sources in order of id.
std::vector<Origin> live_documents(std::span<const Segment::Source> sources) {
  std::vector<Origin> live;
  const auto by_id = [&sources](const Origin& a, const Origin& b) {
    return sources[a.source].segment->id(a.position) < sources[b.source].segment->id(b.position);
  };
  for (std::size_t source = 0; source < sources.size(); ++source) {
    const auto sorted = static_cast<std::ptrdiff_t>(live.size());
    for (std::size_t position = 0; position < sources[source].segment->documents(); ++position) {
      if (!is_dead(sources[source], position)) live.push_back({source, position});
    }
    std::inplace_merge(live.begin(), live.begin() + sorted, live.end(), by_id);
  }
  return live;
}

/// Who was who: documents, chunks and their lengths under their new numbers.
struct Renumbering {
  SegmentDraft draft;
  std::vector<DictionarySource> words;   ///< by source
  std::vector<DictionarySource> values;  ///< likewise
};

/// The last source's that has some: those made last. Null: there are none.
const SegmentVectors* vectors_to_keep(std::span<const Segment::Source> sources) {
  const SegmentVectors* last = nullptr;
  for (const Segment::Source& source : sources) {
    if (source.segment->vectors().rows() > 0) last = &source.segment->vectors();
  }
  return last;
}

Renumbering renumber(std::span<const Segment::Source> sources) {
  const SegmentVectors* const kept = vectors_to_keep(sources);
  Renumbering all;
  for (const Segment::Source& source : sources) {
    const Segment& segment = *source.segment;
    all.words.push_back({&segment.words(), std::vector<std::uint32_t>(segment.chunks(), kDead)});
    all.values.push_back({&segment.values(), std::vector<std::uint32_t>(segment.documents(), kDead)});
  }
  SegmentDraft& draft = all.draft;
  for (const auto& [source, position] : live_documents(sources)) {
    const Segment& from = *sources[source].segment;
    const std::uint32_t first = from.first_chunk(position);
    const std::uint32_t last = from.first_chunk(position + 1);
    all.values[source].renumbered[position] = static_cast<std::uint32_t>(draft.id_ends.size());
    for (std::uint32_t chunk = first; chunk < last; ++chunk) {
      all.words[source].renumbered[chunk] = draft.first_chunks.back() + (chunk - first);
      draft.lengths.push_back(from.lengths()[chunk]);
    }
    draft.add_document(from.id(position), last - first);
    const SegmentVectors& vectors = from.vectors();
    if (vectors.has(position) && vectors.tag() == kept->tag() && vectors.dimension() == kept->dimension()) {
      draft.vectors.add(vectors.tag(), vectors.dimension(), vectors.of(position));
    }
    draft.vectors.end_document();
  }
  return all;
}

}  // namespace

SegmentPtr Segment::merge(std::span<const Source> sources, const MergeOptions& options) {
  Renumbering all = renumber(sources);
  DictionaryWriter words(all.draft.lengths);
  merge_dictionaries(all.words, all.draft.lengths.size(), words);
  all.words.clear();
  if (options.stop.stop_requested()) return nullptr;
  DictionaryWriter values({});
  merge_dictionaries(all.values, all.draft.id_ends.size(), values);
  return from_draft(all.draft, words, values, options);
}

}  // namespace ragd::retrieval
