#include "retrieval/search.hpp"

#include "base/analyzer.hpp"
#include "retrieval/metadata_filter.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace ragd::retrieval {

namespace {

struct Candidate {
  double score = 0;
  const Segment* segment = nullptr;
  std::uint32_t chunk = 0;
};

const std::string& id_of(const Candidate& candidate) {
  return candidate.segment->document(candidate.segment->document_of(candidate.chunk)).document.id;
}

/// Within one document chunks are numbered in order, and one document's live chunks lie in one segment.
bool better(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score > b.score;
  const int order = id_of(a).compare(id_of(b));
  return order != 0 ? order < 0 : a.chunk < b.chunk;
}

/// The best so far, the worst of them on top.
class Best {
 public:
  explicit Best(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] bool would_take(const Candidate& candidate) const {
    return heap_.size() < capacity_ || (capacity_ > 0 && better(candidate, heap_.front()));
  }
  void take(const Candidate& candidate) {
    if (heap_.size() == capacity_) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  [[nodiscard]] std::vector<Candidate> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t capacity_;
  std::vector<Candidate> heap_;
};

/// Scores by chunk that go back to zero at the cost of the chunks touched, not of all there are.
class Accumulator {
 public:
  void prepare(std::size_t chunks) {
    if (scores_.size() < chunks) scores_.resize(chunks, 0);
  }
  void add(std::uint32_t chunk, double score) {
    if (scores_[chunk] == 0) touched_.push_back(chunk);
    scores_[chunk] += score;
  }
  template <class Visit>
  void drain(const Visit& visit) {
    for (const std::uint32_t chunk : touched_) visit(chunk, std::exchange(scores_[chunk], 0));
    touched_.clear();
  }

 private:
  std::vector<double> scores_;
  std::vector<std::uint32_t> touched_;
};

std::size_t live_count(const SegmentView& view, const Postings& postings) {
  if (!view.dead) return postings.chunks.size();
  return static_cast<std::size_t>(
      std::count_if(postings.chunks.begin(), postings.chunks.end(),
                    [&view](std::uint32_t chunk) { return !view.is_dead(view.segment->document_of(chunk)); }));
}

/// Adds one term's part of the score to every live chunk that holds it.
void score_term(const SegmentView& view, const Postings& postings, double weight, double average_length,
                Accumulator& scores) {
  for (std::size_t i = 0; i < postings.chunks.size(); ++i) {
    const std::uint32_t chunk = postings.chunks[i];
    if (view.is_dead(view.segment->document_of(chunk))) continue;
    const double frequency = postings.frequencies[i];
    const double length = view.segment->length_of(chunk) / average_length;
    scores.add(chunk, weight * frequency * (kK1 + 1) / (frequency + kK1 * (1 - kB + kB * length)));
  }
}

Passage passage_of(const Candidate& candidate) {
  const std::uint32_t position = candidate.segment->document_of(candidate.chunk);
  const IndexedDocument& indexed = candidate.segment->document(position);
  const std::uint32_t ordinal = candidate.chunk - candidate.segment->first_chunk(position);
  const store::ChunkSpan& span = indexed.chunks[ordinal];
  Passage passage;
  passage.document_id = indexed.document.id;
  passage.chunk_id = indexed.document.id + "#" + std::to_string(ordinal);
  passage.title = indexed.document.title;
  passage.source = indexed.document.source;
  passage.heading = span.heading;
  passage.text = indexed.document.text.substr(span.start, span.end - span.start);
  passage.metadata_json = indexed.document.metadata_json;
  passage.score = candidate.score;
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

  thread_local Accumulator scores;
  Best best(top_k);
  const double average_length = snapshot_->average_length();
  for (std::size_t s = 0; s < snapshot_->segments().size(); ++s) {
    const SegmentView& view = snapshot_->segments()[s];
    scores.prepare(view.segment->chunks());
    for (std::size_t t = 0; t < terms_.size(); ++t) {
      score_term(view, terms_[t].postings[s], weights[t] * terms_[t].multiplicity, average_length, scores);
    }
    scores.drain([&](std::uint32_t chunk, double score) {
      const Candidate candidate{score / attainable, view.segment.get(), chunk};
      if (candidate.score < min_score || !best.would_take(candidate)) return;
      const IndexedDocument& indexed = view.segment->document(view.segment->document_of(chunk));
      if (filter.empty() || matches(filter, indexed.metadata)) best.take(candidate);
    });
  }
  for (const Candidate& candidate : std::move(best).sorted()) retrieved.passages.push_back(passage_of(candidate));
  return retrieved;
}

}  // namespace ragd::retrieval
