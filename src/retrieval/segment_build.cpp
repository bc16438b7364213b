// Segment::build: analyses the documents' words and counts them by chunk.
#include "base/analyzer.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/segment_writer.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace ragd::retrieval {

namespace {

using TermId = std::uint32_t;

struct Occurrence {
  TermId term = 0;
  std::uint32_t chunk = 0;
  std::uint16_t frequency = 0;
};

std::uint16_t saturated(std::uint32_t count) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(count, std::numeric_limits<std::uint16_t>::max()));
}

/// Numbers terms as they appear and counts them chunk by chunk.
class TermCounter {
 public:
  [[nodiscard]] std::vector<TermId> terms_of(std::string_view text) {
    std::vector<TermId> ids;
    base::TermScanner terms(text, base::TermUse::document);
    while (terms.next()) ids.push_back(id_of(terms.stem()));
    return ids;
  }

  void count(const std::vector<TermId>& terms, std::uint32_t weight) {
    for (const TermId term : terms) {
      if (counts_[term] == 0) present_.push_back(term);
      counts_[term] += weight;
      length_ += weight;
    }
  }

  /// Ends the chunk; returns its length.
  std::uint32_t end_chunk(std::uint32_t chunk) {
    for (const TermId term : present_) {
      occurrences_.push_back({term, chunk, saturated(counts_[term])});
      counts_[term] = 0;
    }
    present_.clear();
    return std::exchange(length_, 0);
  }

  void write(SegmentWriter& writer) const;

 private:
  TermId id_of(const std::string& stem) {
    const auto [at, is_new] = ids_.try_emplace(stem, static_cast<TermId>(ids_.size()));
    if (is_new) counts_.push_back(0);
    return at->second;
  }

  std::unordered_map<std::string, TermId> ids_;
  std::vector<std::uint32_t> counts_;  ///< by term, of the open chunk
  std::vector<TermId> present_;        ///< terms of the open chunk
  std::uint32_t length_ = 0;
  std::vector<Occurrence> occurrences_;  ///< ascending by chunk
};

void TermCounter::write(SegmentWriter& writer) const {
  std::vector<std::pair<std::string_view, TermId>> sorted(ids_.begin(), ids_.end());
  std::sort(sorted.begin(), sorted.end());

  // Counting sort by term; it is stable, so each term's occurrences stay ascending by chunk.
  std::vector<std::size_t> next(ids_.size() + 1, 0);
  for (const Occurrence& occurrence : occurrences_) ++next[occurrence.term + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Occurrence> by_term(occurrences_.size());
  for (const Occurrence& occurrence : occurrences_) by_term[next[occurrence.term]++] = occurrence;

  for (const auto& [term, id] : sorted) {
    const std::size_t begin = id == 0 ? 0 : next[id - 1];
    for (std::size_t i = begin; i < next[id]; ++i) writer.add_posting(by_term[i].chunk, by_term[i].frequency);
    writer.end_term(term);
  }
}

void count_document(const IndexedDocument& indexed, std::uint32_t chunk, TermCounter& counter, SegmentWriter& writer) {
  const std::vector<TermId> title = counter.terms_of(indexed.document.title);
  const std::string_view text = indexed.document.text;
  std::string_view heading;
  std::vector<TermId> heading_terms;
  for (const store::ChunkSpan& span : indexed.chunks) {
    if (span.heading != heading) {
      heading = span.heading;
      heading_terms = counter.terms_of(heading);
    }
    counter.count(title, kTitleWeight);
    counter.count(heading_terms, 1);
    counter.count(counter.terms_of(text.substr(span.start, span.end - span.start)), 1);
    writer.set_length(chunk, counter.end_chunk(chunk));
    ++chunk;
  }
}

}  // namespace

SegmentPtr Segment::build(std::vector<DocumentPtr> documents) {
  std::sort(documents.begin(), documents.end(),
            [](const DocumentPtr& a, const DocumentPtr& b) { return a->document.id < b->document.id; });
  SegmentWriter writer(std::move(documents));
  TermCounter counter;
  for (std::size_t position = 0; position < writer.segment().documents(); ++position) {
    count_document(writer.segment().document(position), writer.segment().first_chunk(position), counter, writer);
  }
  counter.write(writer);
  return writer.finish();
}

}  // namespace ragd::retrieval
