// An answer as the unchanging front of its response body, written once and sent as often as it is asked for. Stateless.
//
// The object is left open: whoever sends it appends ,"cached":... and the closing brace. Texts must be valid UTF-8.
#pragma once

#include "base/json.hpp"

#include <ragd/error.hpp>
#include <ragd/llm.hpp>
#include <ragd/response_cache.hpp>
#include <ragd/types.hpp>

#include <span>
#include <string>
#include <string_view>

namespace ragd::rag {

/// What an answer without support says.
inline constexpr std::string_view kNoAnswerText = "I found nothing in the documents that answers this question.";

struct Answerer {
  std::string source;  ///< "llm" or "extractive"
  std::string model;
  bool degraded = false;  ///< a part of what makes good answers was missing
};

/// The members that citations and search results have in common, into an object that is open.
void write_passage(base::JsonWriter& json, const Passage& passage);

/// Fills json, its ranges, documents and no_answer. A generated text that is empty becomes the honest no-answer,
/// without citations. Errc::internal when a marker cites a passage that was not given.
[[nodiscard]] Result<CachedAnswer> compose_answer(const Generated& generated, std::span<const Passage> passages,
                                                  const Answerer& answerer);

}  // namespace ragd::rag
