#include "llm/quote.hpp"

#include "base/lines.hpp"
#include "base/sentences.hpp"
#include "base/unicode.hpp"

#include <algorithm>
#include <array>

namespace ragd::llm {

namespace {

std::string without_references(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  while (true) {
    const std::size_t bracket = std::min(text.find('['), text.size());
    kept += text.substr(0, bracket);
    text.remove_prefix(bracket);
    if (text.empty()) return kept;
    const std::size_t length = base::reference_mark_length(text);
    if (length == 0) kept += '[';
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

std::string_view without_list_mark(std::string_view text) {
  for (const std::string_view mark : {"- ", "* ", "+ ", "> ", "• "}) {
    if (text.starts_with(mark)) return text.substr(mark.size());
  }
  return text;
}

}  // namespace

std::string quote(std::string_view sentence) {
  return base::collapse_whitespace(without_references(without_list_mark(sentence)));
}

bool is_heading(std::string_view sentence) {
  return base::kind_of_line(sentence) == base::LineKind::heading;
}

bool is_closed(std::string_view sentence) {
  static constexpr auto kClosers = std::to_array<std::string_view>(
      {".", "!", "?", "…", "。", "！", "？", ".\"", "!\"", "?\"", ".)", "?)", "!)", ".”", "!”", "?”"});
  for (const std::string_view closer : kClosers) {
    if (sentence.ends_with(closer)) return true;
  }
  return false;
}

}  // namespace ragd::llm
