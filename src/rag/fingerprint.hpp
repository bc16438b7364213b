// Is it still the same evidence? 128 bits over everything of the passages that can show in an answer. Stateless.
//
// Scores are not part of it: they shift with every document added anywhere, the passages' words don't.
#pragma once

#include <ragd/response_cache.hpp>
#include <ragd/types.hpp>

#include <span>

namespace ragd::rag {

[[nodiscard]] Fingerprint fingerprint_of(std::span<const Passage> passages);

}  // namespace ragd::rag
