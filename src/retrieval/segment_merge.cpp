// Segment::merge: interleaves sorted documents and sorted dictionaries; no text is looked at.
#include "retrieval/segment.hpp"
#include "retrieval/segment_writer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ragd::retrieval {

namespace {

constexpr std::uint32_t kDead = static_cast<std::uint32_t>(-1);

struct Origin {
  std::size_t source = 0;
  std::size_t position = 0;
};

bool is_dead(const Segment::Source& source, std::size_t position) {
  return source.dead != nullptr && (*source.dead)[position];
}

/// The live documents of all sources in order of id.
std::vector<Origin> live_documents(std::span<const Segment::Source> sources) {
  std::vector<Origin> live;
  const auto id_of = [&sources](const Origin& origin) -> const std::string& {
    return sources[origin.source].segment->document(origin.position).document.id;
  };
  for (std::size_t source = 0; source < sources.size(); ++source) {
    const auto sorted = static_cast<std::ptrdiff_t>(live.size());
    for (std::size_t position = 0; position < sources[source].segment->documents(); ++position) {
      if (!is_dead(sources[source], position)) live.push_back({source, position});
    }
    std::inplace_merge(live.begin(), live.begin() + sorted, live.end(),
                       [&id_of](const Origin& a, const Origin& b) { return id_of(a) < id_of(b); });
  }
  return live;
}

}  // namespace

/// Copies chunk lengths and postings under the chunks' new numbers.
class SegmentMerger {
 public:
  explicit SegmentMerger(std::span<const Segment::Source> sources) : sources_(sources), next_term_(sources.size(), 0) {}

  SegmentPtr run() {
    const std::vector<Origin> live = live_documents(sources_);
    std::vector<DocumentPtr> documents;
    documents.reserve(live.size());
    for (const Origin& origin : live) documents.push_back(segment(origin.source).documents_[origin.position]);
    SegmentWriter writer(std::move(documents));
    renumber(live, writer);
    while (const std::optional<std::string_view> term = next_term()) copy_postings(*term, writer);
    return writer.finish();
  }

 private:
  struct Posting {
    std::uint32_t chunk = 0;
    std::uint16_t frequency = 0;
  };

  [[nodiscard]] const Segment& segment(std::size_t source) const { return *sources_[source].segment; }

  void renumber(const std::vector<Origin>& live, SegmentWriter& writer) {
    for (const Segment::Source& source : sources_) new_chunks_.emplace_back(source.segment->chunks(), kDead);
    std::uint32_t next = 0;
    for (const Origin& origin : live) {
      const Segment& from = segment(origin.source);
      for (std::uint32_t c = from.first_chunks_[origin.position]; c < from.first_chunks_[origin.position + 1]; ++c) {
        writer.set_length(next, from.chunk_lengths_[c]);
        new_chunks_[origin.source][c] = next++;
      }
    }
  }

  /// The smallest term no source has given yet.
  [[nodiscard]] std::optional<std::string_view> next_term() const {
    std::optional<std::string_view> smallest;
    for (std::size_t source = 0; source < sources_.size(); ++source) {
      if (next_term_[source] == segment(source).terms()) continue;
      const std::string_view term = segment(source).term(next_term_[source]);
      if (!smallest || term < *smallest) smallest = term;
    }
    return smallest;
  }

  void copy_postings(std::string_view term, SegmentWriter& writer) {
    merged_.clear();
    for (std::size_t source = 0; source < sources_.size(); ++source) {
      if (next_term_[source] == segment(source).terms() || segment(source).term(next_term_[source]) != term) continue;
      const Postings postings = segment(source).postings_at(next_term_[source]++);
      const auto sorted = static_cast<std::ptrdiff_t>(merged_.size());
      for (std::size_t i = 0; i < postings.chunks.size(); ++i) {
        const std::uint32_t chunk = new_chunks_[source][postings.chunks[i]];
        if (chunk != kDead) merged_.push_back({chunk, postings.frequencies[i]});
      }
      // Renumbering keeps each source's order, because every source lists its documents by id.
      std::inplace_merge(merged_.begin(), merged_.begin() + sorted, merged_.end(),
                         [](const Posting& a, const Posting& b) { return a.chunk < b.chunk; });
    }
    if (merged_.empty()) return;
    for (const Posting& posting : merged_) writer.add_posting(posting.chunk, posting.frequency);
    writer.end_term(term);
  }

  std::span<const Segment::Source> sources_;
  std::vector<std::vector<std::uint32_t>> new_chunks_;  ///< by source and old number
  std::vector<std::size_t> next_term_;                  ///< by source
  std::vector<Posting> merged_;
};

SegmentPtr Segment::merge(std::span<const Source> sources) {
  return SegmentMerger(sources).run();
}

}  // namespace ragd::retrieval
