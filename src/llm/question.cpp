#include "llm/question.hpp"

#include "base/analyzer.hpp"
#include "base/unicode.hpp"
#include "base/words.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>

namespace ragd::llm {

namespace {

struct KindWord {
  std::string_view word;
  AnswerKind kind;
};

constexpr auto kQuestionWords = std::to_array<KindWord>({
    {"who", AnswerKind::person},
    {"whom", AnswerKind::person},
    {"whose", AnswerKind::person},
    {"who's", AnswerKind::person},
    {"when", AnswerKind::time},
    {"where", AnswerKind::place},
    {"why", AnswerKind::reason},
    {"how", AnswerKind::quantity},
    {"what", AnswerKind::any},
    {"which", AnswerKind::any},
});

/// Words after "what" or "which" that name the kind of answer: the answer shows the thing, seldom the word.
constexpr auto kKindWords = std::to_array<KindWord>({
    {"year", AnswerKind::time},        {"date", AnswerKind::time},
    {"day", AnswerKind::time},         {"month", AnswerKind::time},
    {"century", AnswerKind::time},     {"decade", AnswerKind::time},
    {"time", AnswerKind::time},        {"country", AnswerKind::place},
    {"city", AnswerKind::place},       {"state", AnswerKind::place},
    {"place", AnswerKind::place},      {"location", AnswerKind::place},
    {"person", AnswerKind::person},    {"number", AnswerKind::quantity},
    {"amount", AnswerKind::quantity},  {"percentage", AnswerKind::quantity},
    {"percent", AnswerKind::quantity}, {"population", AnswerKind::quantity},
    {"reason", AnswerKind::reason},    {"cause", AnswerKind::reason},
    {"name", AnswerKind::any},         {"type", AnswerKind::any},
    {"types", AnswerKind::any},        {"kind", AnswerKind::any},
    {"kinds", AnswerKind::any},        {"sort", AnswerKind::any},
    {"term", AnswerKind::any},
});

/// Words after "how" that ask for a number.
constexpr auto kMeasures = std::to_array<std::string_view>({
    "many", "much",  "long",  "old", "far",   "tall",  "high", "large", "big",   "fast", "deep",
    "wide", "heavy", "often", "few", "small", "close", "hot",  "cold",  "short", "soon",
});

template <class List>
const KindWord* find_word(const List& list, std::string_view word) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const KindWord& k) { return k.word == word; });
  return found == list.end() ? nullptr : &*found;
}

bool is_measure(std::string_view word) {
  return std::find(kMeasures.begin(), kMeasures.end(), word) != kMeasures.end();
}

/// What "what" or "which" asks for by one of the words after it: "what year", "which German city".
AnswerKind named_kind(base::WordScanner& words) {
  constexpr int kReach = 4;
  for (int i = 0; i < kReach && words.next(); ++i) {
    if (const KindWord* found = find_word(kKindWords, words.folded()); found != nullptr) return found->kind;
  }
  return AnswerKind::any;
}

/// Stems are never empty.
unsigned char first_byte(std::string_view stem) {
  return static_cast<unsigned char>(stem.front());
}

/// Weight of the words that name the kind of answer, relative to what their rarity says.
constexpr double kKindWordFactor = 0.4;

/// Added to each term's inverse document frequency. In a corpus of a few documents a word that stands in none of them
/// would otherwise outweigh all those that do.
constexpr double kWeightFloor = 1.0;

}  // namespace

AnswerKind answer_kind_of(std::string_view question) {
  base::WordScanner words(question);
  while (words.next()) {
    const KindWord* found = find_word(kQuestionWords, words.folded());
    if (found == nullptr) continue;
    if (found->kind == AnswerKind::any) return named_kind(words);
    if (found->word == "how") return words.next() && is_measure(words.folded()) ? found->kind : AnswerKind::any;
    return found->kind;
  }
  return AnswerKind::any;
}

QuestionModel::QuestionModel(const GenerateRequest& request) : kind_(answer_kind_of(request.question)) {
  std::unordered_map<std::string, double> known;
  double rarest = 0;
  for (const QueryTerm& term : request.terms) {
    known.emplace(term.stem, term.weight);
    rarest = std::max(rarest, term.weight);
  }

  double total = 0;
  for (const auto& term : base::analyze(request.question, base::TermUse::query)) {
    if (weights_.size() == kMaxQuestionTerms) break;
    if (find(term.stem) < kMaxQuestionTerms) continue;
    by_first_byte_[first_byte(term.stem)] |= std::uint64_t{1} << stems_.size();
    stems_.push_back(term.stem);
    // A term the retriever does not report is one no document has: as telling as the rarest.
    const auto reported = known.find(term.stem);
    double weight = kWeightFloor + (reported == known.end() ? rarest : reported->second);
    const std::string word = base::nfkc_casefold(request.question.substr(term.begin, term.end - term.begin));
    if (find_word(kKindWords, word) != nullptr || is_measure(word)) weight *= kKindWordFactor;
    weights_.push_back(weight);
    total += weight;
  }
  for (double& weight : weights_) weight /= total;
}

std::size_t QuestionModel::find(std::string_view stem) const {
  for (std::uint64_t left = by_first_byte_[first_byte(stem)]; left != 0; left &= left - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(left));
    if (stems_[index] == stem) return index;
  }
  return kMaxQuestionTerms;
}

double QuestionModel::coverage(const TermSet& terms) const {
  double sum = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (terms.test(i)) sum += weights_[i];
  }
  return sum;
}

}  // namespace ragd::llm
