// Signs in a sentence that it holds the kind of thing a question asks for: a name, a date, a number, a place, a cause.
// Stateless, thread-safe; English surface patterns only, a hint and never a proof.
#pragma once

#include "llm/question.hpp"

#include <string_view>

namespace ragd::llm {

/// Whether the sentence shows a thing of this kind that the question does not already mention.
[[nodiscard]] bool shows(AnswerKind kind, std::string_view sentence, const QuestionModel& question);

}  // namespace ragd::llm
