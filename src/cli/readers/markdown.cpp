// Text and Markdown stay byte for byte what they are, so that offsets into a document are offsets into its file; only
// the title is looked for.
#include "base/ascii.hpp"
#include "base/unicode.hpp"
#include "cli/readers/reader.hpp"

#include <algorithm>

namespace ragd::cli {

namespace {

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxLinesForTitle = 200;  // a title stands at the top

std::string title_of(std::string_view line) {
  return std::string(base::utf8_prefix(base::trim(line), kMaxTitleBytes));
}

/// Takes the next line off `rest`, without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = base::trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

bool is_underline(std::string_view line, std::string_view marks) {
  return line.size() >= 3 && marks.find(line[0]) != std::string_view::npos &&
         line.find_first_not_of(line[0]) == std::string_view::npos;
}

/// "Title" of "# Title #"; empty when the line is no such heading.
std::string_view atx_heading(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level < 1 || level > 6 || level == line.size() || !base::is_space(line[level])) return {};
  std::string_view title = base::trim(line.substr(level));
  while (title.ends_with('#')) title.remove_suffix(1);
  return base::trim(title);
}

/// The value of "title:" in YAML front matter; moves `rest` behind it.
std::string take_front_matter(std::string_view& rest) {
  std::string_view ahead = rest;
  if (take_line(ahead) != "---") return {};
  std::string title;
  for (std::size_t lines = 0; !ahead.empty() && lines < kMaxLinesForTitle; ++lines) {
    const std::string_view line = take_line(ahead);
    if (line == "---" || line == "...") {
      rest = ahead;
      return title;
    }
    if (!line.starts_with("title:")) continue;
    std::string_view value = base::trim(line.substr(6));
    const bool quoted = value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
    title = title_of(quoted ? value.substr(1, value.size() - 2) : value);
  }
  return {};
}

/// The first heading: ATX, or a line underlined with one of `marks`.
std::string first_heading(std::string_view rest, bool atx, std::string_view marks) {
  std::string_view previous;
  bool fenced = false;
  for (std::size_t lines = 0; !rest.empty() && lines < kMaxLinesForTitle; ++lines) {
    const std::string_view line = take_line(rest);
    if (line.starts_with("```") || line.starts_with("~~~")) fenced = !fenced;
    if (fenced) continue;
    if (atx && !atx_heading(line).empty()) return title_of(atx_heading(line));
    if (!previous.empty() && !is_underline(previous, marks) && is_underline(line, marks)) return title_of(previous);
    previous = line;
  }
  return {};
}

}  // namespace

Reading read_markdown(std::string bytes) {
  std::string_view rest = bytes;
  std::string title = take_front_matter(rest);
  if (title.empty()) title = first_heading(rest, true, "=-");
  return {std::move(title), std::move(bytes)};
}

Reading read_text(std::string bytes) {
  // reStructuredText and plain README files underline their titles.
  std::string title = first_heading(bytes, false, "=-~#*");
  return {std::move(title), std::move(bytes)};
}

}  // namespace ragd::cli
