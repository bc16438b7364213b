#include "retrieval/search.hpp"

#include "base/analyzer.hpp"
#include "retrieval/bm25.hpp"
#include "retrieval/top_chunks.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace ragd::retrieval {

namespace {

std::size_t live_count(const SegmentView& view, const Postings& postings) {
  if (!view.dead) return postings.chunks.size();
  return static_cast<std::size_t>(
      std::count_if(postings.chunks.begin(), postings.chunks.end(),
                    [&view](std::uint32_t chunk) { return !view.is_dead(view.segment->document_of(chunk)); }));
}

Passage passage_of(const RankedChunk& ranked) {
  const std::uint32_t position = ranked.segment->document_of(ranked.chunk);
  const IndexedDocument& indexed = ranked.segment->document(position);
  const std::uint32_t ordinal = ranked.chunk - ranked.segment->first_chunk(position);
  const store::ChunkSpan& span = indexed.chunks[ordinal];
  Passage passage;
  passage.document_id = indexed.document.id;
  passage.chunk_id = indexed.document.id + "#" + std::to_string(ordinal);
  passage.title = indexed.document.title;
  passage.source = indexed.document.source;
  passage.heading = span.heading;
  passage.text = indexed.document.text.substr(span.start, span.end - span.start);
  passage.metadata_json = indexed.document.metadata_json;
  passage.score = ranked.score;
  passage.start = span.start;
  passage.end = span.end;
  return passage;
}

}  // namespace

Search::Search(SnapshotPtr snapshot, std::string_view query) : snapshot_(std::move(snapshot)) {
  std::vector<base::Term> words = base::analyze(query, base::TermUse::query);
  std::unordered_map<std::string, std::size_t>
      positions;  // a query holds thousands of words: no pass over all for each
  for (base::Term& word : words) {
    const auto [known, is_new] = positions.try_emplace(word.stem, terms_.size());
    if (!is_new) {
      terms_[known->second].multiplicity += 1;
      continue;
    }
    Term term{std::move(word.stem), 1, {}};
    for (const SegmentView& view : snapshot_->segments()) term.postings.push_back(view.segment->postings(term.stem));
    terms_.push_back(std::move(term));
  }
}

std::size_t Search::postings() const {
  std::size_t count = 0;
  for (const Term& term : terms_) {
    for (const Postings& postings : term.postings) count += postings.chunks.size();
  }
  return count;
}

std::vector<double> Search::weigh() const {
  const auto chunks = static_cast<double>(snapshot_->chunks());
  std::vector<double> weights;
  for (const Term& term : terms_) {
    std::size_t holding = 0;
    for (std::size_t s = 0; s < term.postings.size(); ++s) {
      holding += live_count(snapshot_->segments()[s], term.postings[s]);
    }
    const auto df = static_cast<double>(holding);
    weights.push_back(std::log(1 + (chunks - df + 0.5) / (df + 0.5)));
  }
  return weights;
}

Retrieved Search::run(std::size_t top_k, double min_score, const Filter& filter) const {
  Retrieved retrieved;
  retrieved.version = snapshot_->version();
  const std::vector<double> weights = weigh();
  double attainable = 0;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    retrieved.terms.push_back({terms_[t].stem, weights[t]});
    attainable += weights[t] * terms_[t].multiplicity * (kK1 + 1);
  }

  TopChunks best({top_k, min_score, attainable, snapshot_->average_length(), filter});
  std::vector<WeightedPostings> postings(terms_.size());
  for (std::size_t s = 0; s < snapshot_->segments().size(); ++s) {
    for (std::size_t t = 0; t < terms_.size(); ++t) {
      postings[t] = {terms_[t].postings[s], weights[t] * terms_[t].multiplicity};
    }
    best.search(snapshot_->segments()[s], postings);
  }
  for (const RankedChunk& ranked : std::move(best).sorted()) retrieved.passages.push_back(passage_of(ranked));
  return retrieved;
}

}  // namespace ragd::retrieval
