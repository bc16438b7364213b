// What is embedded of a document, and how it is recognised when its vectors come back. Stateless, thread-safe.
#pragma once

#include "store/stored_document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

/// Chunk after chunk; see text_to_embed.
[[nodiscard]] std::vector<std::string> texts_to_embed(const store::StoredDocument& stored);

/// An embedder's tag as segments store it; never 0.
[[nodiscard]] std::uint64_t vectors_tag(std::string_view embedder_tag);

/// Differs for different texts, as far as 64 bits can.
[[nodiscard]] std::string stamp_of(const std::vector<std::string>& texts);

}  // namespace ragd::retrieval
