#include "base/lines.hpp"

#include "base/code_points.hpp"

#include <algorithm>

namespace ragd::base {

namespace {

/// No prose is wrapped as narrowly: a line that ended before this though the next word had room ended on purpose.
constexpr std::size_t kNarrowestWrap = 50;

bool is_list_item(std::string_view line) {
  if (line.starts_with('|') || line.starts_with('>')) return true;
  if (line.size() < 2) return false;
  if (line.starts_with("•")) return true;
  if (line[0] == '-' || line[0] == '*' || line[0] == '+') return line[1] == ' ' || line[1] == '\t';
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_ascii_digit) - line.begin());
  return digits >= 1 && digits <= 3 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

bool is_heading(std::string_view line) {
  const std::size_t level = line.find_first_not_of('#');
  return level != std::string_view::npos && level >= 1 && level <= 6 && line[level] == ' ';
}

bool is_rule(std::string_view line) {
  if (line.starts_with("```") || line.starts_with("~~~")) return true;
  return line.size() >= 3 && std::string_view("-=*_+~^").find(line[0]) != std::string_view::npos &&
         line.find_first_not_of(line[0]) == std::string_view::npos;
}

}  // namespace

LineKind kind_of_line(std::string_view line) {
  if (line.empty()) return LineKind::blank;
  if (is_rule(line)) return LineKind::rule;
  if (is_heading(line)) return LineKind::heading;
  if (is_list_item(line)) return LineKind::list_item;
  return LineKind::prose;
}

namespace {

bool ended_early(const Line& line, const Line& next) {
  const std::string_view word = next.content.substr(0, next.content.find(' '));
  return line.content.size() + 1 + word.size() < kNarrowestWrap && line.content.back() != ',' &&
         !is_lower(code_point_at(next.content, 0).value);
}

}  // namespace

std::string_view trim_lines(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool LineScanner::next() {
  if (at_ >= text_.size()) return false;
  const std::size_t end = std::min(text_.find('\n', at_), text_.size());
  line_.begin = at_;
  line_.content = trim_lines(text_.substr(at_, end - at_));
  line_.kind = kind_of_line(line_.content);
  at_ = std::min(end + 1, text_.size());
  return true;
}

bool breaks_between(const Line& line, const Line& next) {
  if (line.kind == LineKind::blank || next.kind == LineKind::blank) return true;
  if (next.kind != LineKind::prose) return true;
  if (line.kind == LineKind::heading || line.kind == LineKind::rule) return true;
  return line.kind == LineKind::prose && ended_early(line, next);
}

}  // namespace ragd::base
