// Sentences of the retrieved passages as candidates for an extractive answer, each with what speaks for it.
//
// Plain values and pure functions, thread-safe. Headings, and captions that say nothing beyond the question, are no
// candidates: they only lend context to what follows.
#pragma once

#include "llm/question.hpp"

#include <ragd/llm.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace ragd::llm {

/// Coverages are parts (0..1) of the question's weight; "further" means beyond the sentence's own.
struct Evidence {
  double coverage = 0;   ///< by the sentence itself
  double previous = 0;   ///< further, by the sentence before
  double next = 0;       ///< further, by the sentence after
  double context = 0;    ///< further, by the title and the headings above
  double passage = 0;    ///< further, by the rest of the passage
  double relevance = 0;  ///< the passage's score relative to the best passage's
  bool hinted = false;   ///< shows the kind of thing asked for
  bool asks = false;     ///< is a question itself
  bool lone = false;     ///< one term of several is all that sentence, headings and passage share with the question
};

struct Candidate {
  std::size_t passage = 0;  ///< index into the request's passages
  std::size_t begin = 0;    ///< of the sentence in the passage's text
  std::string text;         ///< as it may be quoted
  Evidence evidence;
};

/// In order of passages, then of the text. A sentence that stands in two passages counts once.
[[nodiscard]] std::vector<Candidate> collect_candidates(const GenerateRequest& request, const QuestionModel& question);

}  // namespace ragd::llm
