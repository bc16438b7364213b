// How far apart two short names are, for "did you mean". Stateless, thread-safe; bytes, not characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::base {

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate a person most likely meant; none when all are too far (more than a third of the name) to be a slip.
/// The first wins among equals.
[[nodiscard]] std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                                       std::string_view quote = "");

}  // namespace ragd::base
