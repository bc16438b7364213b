#include "llm/extractive.hpp"

#include "base/analyzer.hpp"
#include "llm/candidates.hpp"
#include "llm/quote.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ragd::llm {

namespace {

/// Changes whenever extract would answer differently from the same request.
constexpr std::string_view kAlgorithmTag = "extractive-1";

/// A sentence scored below this part of the best one's adds noise rather than an answer.
constexpr double kScoreCut = 0.6;

/// One shared word is a coincidence more often than an answer, unless it is most of what was asked.
constexpr double kLoneSupport = 0.5;

struct Scored {
  const Candidate* candidate = nullptr;
  double score = 0;
};

/// Round numbers near a flat optimum: halving or doubling any weight but coverage's moves the measured share of right
/// answers by less than a point.
double score_of(const Evidence& evidence) {
  return evidence.coverage + 0.5 * evidence.previous + 0.3 * evidence.next + 0.5 * evidence.context +
         0.5 * evidence.relevance + (evidence.hinted ? 0.2 : 0.0) - (evidence.asks ? 0.3 : 0.0);
}

/// How much of the question the sentence in its surroundings covers.
double support_of(const Evidence& evidence) {
  return evidence.coverage + evidence.context + 0.5 * evidence.passage;
}

std::vector<Scored> choose(const std::vector<Candidate>& candidates, const ExtractiveSettings& settings) {
  std::vector<Scored> chosen;
  chosen.reserve(candidates.size());
  for (const Candidate& candidate : candidates) chosen.push_back({&candidate, score_of(candidate.evidence)});
  std::stable_sort(chosen.begin(), chosen.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  if (chosen.size() > settings.max_sentences) chosen.resize(settings.max_sentences);
  std::erase_if(chosen, [&, best = chosen.empty() ? 0 : chosen.front().score](const Scored& scored) {
    return scored.score < kScoreCut * best;
  });
  return chosen;
}

/// Passages in the order of their best sentences, each sentence with its marker, in the order of its source.
Generated compose(const std::vector<Scored>& best_first) {
  Generated answer;
  for (const Scored& scored : best_first) {
    const std::size_t passage = scored.candidate->passage;
    if (std::find(answer.cited.begin(), answer.cited.end(), passage) == answer.cited.end()) {
      answer.cited.push_back(passage);
    }
  }
  for (std::size_t n = 0; n < answer.cited.size(); ++n) {
    std::vector<const Candidate*> sentences;
    for (const Scored& scored : best_first) {
      if (scored.candidate->passage == answer.cited[n]) sentences.push_back(scored.candidate);
    }
    std::sort(sentences.begin(), sentences.end(), [](const auto* a, const auto* b) { return a->begin < b->begin; });
    bool same_line = false;
    for (const Candidate* sentence : sentences) {
      if (!answer.text.empty()) answer.text += same_line ? ' ' : '\n';
      answer.text += sentence->text + " [" + std::to_string(n + 1) + "]";
      same_line = is_closed(sentence->text);
    }
  }
  return answer;
}

}  // namespace

Generated extract(const GenerateRequest& request, const ExtractiveSettings& settings) {
  const QuestionModel question(request);
  if (question.empty()) return {};
  const auto candidates = collect_candidates(request, question);
  const auto chosen = choose(candidates, settings);
  const bool supported = std::any_of(chosen.begin(), chosen.end(), [&](const Scored& scored) {
    const Evidence& evidence = scored.candidate->evidence;
    return support_of(evidence) >=
           (evidence.lone ? std::max(kLoneSupport, settings.min_support) : settings.min_support);
  });
  return supported ? compose(chosen) : Generated{};
}

Task<Result<Generated>> ExtractiveAnswerer::generate(const RequestContext& /*context*/,
                                                     const GenerateRequest& request) {
  co_return extract(request, settings_);
}

std::string ExtractiveAnswerer::settings_tag() const {
  return std::string(kAlgorithmTag) + "/" + std::string(base::kAnalyzerTag) + "/" +
         std::to_string(settings_.max_sentences) + "/" + std::to_string(settings_.min_support);
}

Task<Result<void>> ExtractiveAnswerer::ping() {
  co_return Result<void>();
}

}  // namespace ragd::llm
