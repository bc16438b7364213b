#include "llm/candidates.hpp"

#include "base/analyzer.hpp"
#include "base/sentences.hpp"
#include "llm/answer_hints.hpp"
#include "llm/quote.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace ragd::llm {

namespace {

/// What has no full stop for this long (tables, code) is quoted in pieces.
constexpr std::size_t kMaxQuoteBytes = 700;

struct Sentence {
  std::string_view text;
  std::size_t begin = 0;
  TermSet terms;
  TermSet headings;        ///< terms of the heading it stands under, within the passage
  bool says_more = false;  ///< than the question's own words
};

/// Marks the question's terms that stand in `text`; the result tells whether other terms do.
bool mark_terms(std::string_view text, const QuestionModel& question, TermSet& terms) {
  bool others = false;
  base::TermScanner scanner(text, base::TermUse::document);
  while (scanner.next()) {
    const std::size_t index = question.find(scanner.stem());
    if (index < kMaxQuestionTerms) {
      terms.set(index);
    } else {
      others = true;
    }
  }
  return others;
}

/// Sentences, the long ones cut at white space.
std::vector<base::Span> split_quotable(std::string_view text) {
  std::vector<base::Span> pieces;
  for (base::Span rest : base::split_sentences(text)) {
    while (rest.end - rest.begin > kMaxQuoteBytes) {
      const std::size_t space = text.find_last_of(" \t\n", rest.begin + kMaxQuoteBytes);
      if (space == std::string_view::npos || space <= rest.begin) break;
      pieces.push_back({rest.begin, space});
      rest.begin = text.find_first_not_of(" \t\n", space);
    }
    pieces.push_back(rest);
  }
  return pieces;
}

std::vector<Sentence> analyze_sentences(std::string_view text, const QuestionModel& question) {
  std::vector<Sentence> sentences;
  TermSet headings;
  for (const base::Span& span : split_quotable(text)) {
    Sentence sentence;
    sentence.text = text.substr(span.begin, span.end - span.begin);
    sentence.begin = span.begin;
    sentence.says_more = mark_terms(sentence.text, question, sentence.terms);
    if (is_heading(sentence.text)) {
      headings = sentence.terms;
      continue;
    }
    sentence.headings = headings;
    sentences.push_back(sentence);
  }
  return sentences;
}

/// What the question's terms are found in around a sentence.
struct Surroundings {
  TermSet context;
  TermSet passage;
};

Evidence weigh(const std::vector<Sentence>& sentences, std::size_t at, const Surroundings& around,
               const QuestionModel& question) {
  const Sentence& sentence = sentences[at];
  Evidence evidence;
  evidence.coverage = question.coverage(sentence.terms);
  const auto further = [&](const TermSet& terms) { return question.coverage(terms & ~sentence.terms); };
  if (at > 0) evidence.previous = further(sentences[at - 1].terms);
  if (at + 1 < sentences.size()) evidence.next = further(sentences[at + 1].terms);
  evidence.context = further(around.context | sentence.headings);
  evidence.passage = further(around.passage);
  evidence.hinted = shows(question.kind(), sentence.text, question);
  evidence.asks = sentence.text.ends_with('?');
  evidence.lone =
      question.size() > 1 && (sentence.terms | around.context | sentence.headings | around.passage).count() < 2;
  return evidence;
}

}  // namespace

std::vector<Candidate> collect_candidates(const GenerateRequest& request, const QuestionModel& question) {
  std::vector<Candidate> candidates;
  std::unordered_set<std::string> seen;
  double best = 0;
  for (const Passage& passage : request.passages) best = std::max(best, passage.score);

  for (std::size_t p = 0; p < request.passages.size(); ++p) {
    const Passage& passage = request.passages[p];
    Surroundings around;
    mark_terms(passage.title, question, around.context);
    mark_terms(passage.heading, question, around.context);
    const auto sentences = analyze_sentences(passage.text, question);
    for (const Sentence& sentence : sentences) around.passage |= sentence.terms;
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      if (!sentences[i].says_more && !is_closed(sentences[i].text)) continue;
      Candidate candidate{p, sentences[i].begin, quote(sentences[i].text), weigh(sentences, i, around, question)};
      if (candidate.text.empty() || !seen.insert(candidate.text).second) continue;
      candidate.evidence.relevance = best > 0 ? passage.score / best : 1;
      candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

}  // namespace ragd::llm
