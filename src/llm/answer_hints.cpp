#include "llm/answer_hints.hpp"

#include "base/analyzer.hpp"
#include "base/code_points.hpp"
#include "base/words.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace ragd::llm {

namespace {

constexpr auto kTimeWords = std::to_array<std::string_view>({
    "january", "february", "march",    "april",     "may",      "june",      "july",     "august", "september",
    "october", "november", "december", "monday",    "tuesday",  "wednesday", "thursday", "friday", "saturday",
    "sunday",  "century",  "decade",   "centuries", "decades",  "today",     "spring",   "summer", "autumn",
    "winter",  "morning",  "evening",  "night",     "midnight", "noon",
});

constexpr auto kNumberWords = std::to_array<std::string_view>({
    "one",      "two",      "three",    "four",      "five",     "six",      "seven",   "eight",     "nine",
    "ten",      "eleven",   "twelve",   "thirteen",  "fourteen", "fifteen",  "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",   "thirty",   "forty",     "fifty",    "sixty",    "seventy", "eighty",    "ninety",
    "hundred",  "hundreds", "thousand", "thousands", "million",  "millions", "billion", "trillion",  "dozen",
    "dozens",   "half",     "quarter",  "third",     "twice",    "double",   "percent", "several",
});

constexpr auto kPlaceWords = std::to_array<std::string_view>({
    "in",
    "at",
    "near",
    "from",
    "to",
    "of",
    "around",
    "outside",
    "through",
    "north",
    "south",
    "east",
    "west",
});

constexpr auto kReasonWords = std::to_array<std::string_view>({
    "because",
    "due",
    "since",
    "cause",
    "caused",
    "causes",
    "reason",
    "reasons",
    "result",
    "resulted",
    "thus",
    "therefore",
    "owing",
    "order",
    "led",
    "so",
});

template <class List>
bool is_in(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), base::is_ascii_digit);
}

/// "1066", "2015", "1960s"
bool is_year(std::string_view word) {
  if (word.ends_with('s')) word.remove_suffix(1);
  return word.size() == 4 && std::all_of(word.begin(), word.end(), base::is_ascii_digit) &&
         (word[0] == '1' || word.starts_with("20"));
}

/// One word with what its shape and its neighbour tell.
struct Seen {
  std::string_view folded;
  std::string_view previous;  ///< folded; empty at the beginning of the sentence
  bool capital = false;
};

bool looks_like(AnswerKind kind, const Seen& word) {
  const bool name = word.capital && !word.previous.empty();
  switch (kind) {
    case AnswerKind::any:
      return false;
    case AnswerKind::person:
      return name;
    case AnswerKind::time:
      return is_year(word.folded) || is_in(kTimeWords, word.folded);
    case AnswerKind::place:
      return name && is_in(kPlaceWords, word.previous);
    case AnswerKind::quantity:
      return has_digit(word.folded) || is_in(kNumberWords, word.folded);
    case AnswerKind::reason:
      return is_in(kReasonWords, word.folded);
  }
  return false;
}

bool is_asked(std::string_view word, const QuestionModel& question) {
  base::TermScanner terms(word, base::TermUse::document);
  while (terms.next()) {
    if (question.find(terms.stem()) < kMaxQuestionTerms) return true;
  }
  return false;
}

}  // namespace

bool shows(AnswerKind kind, std::string_view sentence, const QuestionModel& question) {
  if (kind == AnswerKind::any) return false;
  base::WordScanner words(sentence);
  std::string previous;
  while (words.next()) {
    const std::string_view raw = sentence.substr(words.begin(), words.end() - words.begin());
    const bool capital = base::is_upper(base::code_point_at(raw, 0).value);
    if (looks_like(kind, {words.folded(), previous, capital}) && !is_asked(raw, question)) return true;
    previous = words.folded();
  }
  return false;
}

}  // namespace ragd::llm
