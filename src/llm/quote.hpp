// A sentence of a source as an answer may quote it. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace ragd::llm {

/// The sentence with white space collapsed, without Markdown's list and quote marks before it, and without bracketed
/// numbers like "[12]" or "[3, 4]": in an answer those would claim to be citations.
[[nodiscard]] std::string quote(std::string_view sentence);

/// A Markdown heading: "## Install".
[[nodiscard]] bool is_heading(std::string_view sentence);

/// Ends with a mark that closes a sentence, so that another may follow on the same line.
[[nodiscard]] bool is_closed(std::string_view sentence);

}  // namespace ragd::llm
