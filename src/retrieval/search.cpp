#include "retrieval/search.hpp"

#include "retrieval/allowed_chunks.hpp"

#include <cmath>
#include <unordered_map>
#include <utility>

namespace ragd::retrieval {

Search::Search(SnapshotPtr snapshot, std::string_view query, Bm25 parameters, base::TermUse use)
    : snapshot_(std::move(snapshot)), parameters_(parameters) {
  // A query holds thousands of words: no pass over all of them for each.
  std::unordered_map<std::string, std::size_t> positions;
  for (base::Term& word : base::analyze(query, use)) {
    const auto [known, is_new] = positions.try_emplace(word.stem, terms_.size());
    if (!is_new) {
      terms_[known->second].multiplicity += 1;
      continue;
    }
    Term term{std::move(word.stem), 1, {}};
    for (const SegmentView& view : snapshot_->segments()) term.words.push_back(view.segment->words().find(term.stem));
    terms_.push_back(std::move(term));
  }
}

std::size_t Search::postings() const {
  std::size_t count = 0;
  for (const Term& term : terms_) {
    for (std::size_t s = 0; s < term.words.size(); ++s) {
      if (term.words[s]) count += snapshot_->segments()[s].segment->words().postings(*term.words[s]).size();
    }
  }
  return count;
}

double Search::weight_of(const Term& term) const {
  std::size_t holding = 0;
  for (std::size_t s = 0; s < term.words.size(); ++s) {
    if (!term.words[s]) continue;
    const SegmentView& view = snapshot_->segments()[s];
    holding += view.segment->words().postings(*term.words[s]).size();
    if (view.graves) holding -= view.graves->deaths_of(*term.words[s]);
  }
  const auto chunks = static_cast<double>(snapshot_->chunks());
  const auto df = static_cast<double>(holding);
  return std::log(1 + (chunks - df + 0.5) / (df + 0.5));
}

Ranking Search::run(std::size_t count, double min_score, const Filter& filter) const {
  Ranking ranking;
  double attainable = 0;
  for (const Term& term : terms_) {
    ranking.terms.push_back({term.stem, weight_of(term)});
    attainable += ranking.terms.back().weight * term.multiplicity;
  }
  if (terms_.empty()) return ranking;

  TopChunks best({count, min_score, attainable, TermScore(parameters_, snapshot_->average_length())});
  std::vector<WeightedPostings> postings(terms_.size());
  for (std::size_t s = 0; s < snapshot_->segments().size(); ++s) {
    const SegmentView& view = snapshot_->segments()[s];
    bool any = false;
    for (std::size_t t = 0; t < terms_.size(); ++t) {
      const auto& word = terms_[t].words[s];
      postings[t] = {word ? view.segment->words().postings(*word) : Postings(),
                     ranking.terms[t].weight * terms_[t].multiplicity};
      any = any || word.has_value();
    }
    if (!any) continue;
    Bitmap room;
    best.search(*view.segment, allowed_in(view, filter, room), postings);
  }
  ranking.chunks = std::move(best).sorted();
  return ranking;
}

}  // namespace ragd::retrieval
