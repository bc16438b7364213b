// Everything that decides an answer, as the bytes answers are found by. Stateless, thread-safe.
//
// Two sets of parts have the same key exactly when they ask for the same answer: filters don't depend on the order of
// their conditions or alternatives, fields can't run into each other. It refuses to guess: "Polish" is not "polish"
// unless fold_case says so.
#pragma once

#include <ragd/response_cache.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace ragd::rag {

struct KeyParts {
  std::string_view tenant;
  std::string_view question;  ///< as normalise gives it
  bool fold_case = false;
  std::size_t top_k = 0;
  const Filter& filter;
  std::string_view answerers;  ///< as key_of_answerers gives it
};

/// Makes `normal` the text in NFC with single spaces: what is keyed, searched and answered. `text` must be valid UTF-8.
void normalise(std::string_view text, std::string& normal);

/// The part of a key that is the same for all questions: everything about those who answer that changes an answer.
/// Their settings, which are our own and few, as 128 bits; the model by its name.
[[nodiscard]] std::string key_of_answerers(std::string_view retrieval_settings, std::string_view llm_settings,
                                           std::string_view model);

/// Into `key`, whose memory is used again.
void make_cache_key(const KeyParts& parts, CacheKey& key);

}  // namespace ragd::rag
