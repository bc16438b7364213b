// The embeddings endpoint's two messages, as OpenAI's API has them: the request written, the answer understood.
//
// Pure functions. An answer that is not what was asked for is Errc::unavailable, whose detail says in what way and
// holds nothing of its text.
#pragma once

#include <ragd/embedder.hpp>
#include <ragd/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ragd::embed {

struct EmbeddingsRequest {
  std::string_view model;
  std::span<const std::string> texts;
  std::string_view prefix;     ///< before each text
  std::size_t dimensions = 0;  ///< asked of the model; 0: as many as it has
};

[[nodiscard]] std::string write_request(const EmbeddingsRequest& request);

/// Takes vectors as base64 and as arrays of numbers, in any order, and makes each of them 1 long. Refuses another
/// number of vectors than `count`, different dimensions, numbers that are not finite, and vectors without a length.
[[nodiscard]] Result<Embedded> parse_response(std::string_view json, std::size_t count);

}  // namespace ragd::embed
