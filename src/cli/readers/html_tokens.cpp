#include "cli/readers/html_tokens.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>

namespace ragd::cli {

namespace {

/// What is no prose: programs, drawings, and the controls and menus that repeat on every page.
constexpr std::array<std::string_view, 11> kDropped{"script", "style", "svg",    "template", "math",    "iframe",
                                                    "canvas", "nav",   "select", "button",   "noscript"};
constexpr std::size_t kLongestName = 64;

bool is_dropped(std::string_view name) {
  return std::find(kDropped.begin(), kDropped.end(), name) != kDropped.end();
}

bool ends_name(char c) {
  return base::is_space(c) || c == '>' || c == '/';
}

}  // namespace

bool HtmlScanner::next(HtmlToken& token) {
  while (at_ < html_.size()) {
    if (html_[at_] == '<' && take_markup(token)) {
      if (!token.name.empty()) return true;
      continue;
    }
    // A '<' that opens nothing is text, and so is all up to the next one.
    const std::size_t end = std::min(html_.find('<', at_ + 1), html_.size());
    token.kind = HtmlTokenKind::text;
    token.name.clear();
    token.text = html_.substr(at_, end - at_);
    at_ = end;
    return true;
  }
  return false;
}

/// False: not markup. Markup that means nothing to readers leaves the name empty.
bool HtmlScanner::take_markup(HtmlToken& token) {
  token.name.clear();
  const std::string_view rest = html_.substr(at_);
  if (rest.size() < 2) return false;
  if (rest.starts_with("<!--")) {
    skip_to("-->");
  } else if (rest.starts_with("<![CDATA[")) {
    skip_to("]]>");
  } else if (rest[1] == '!' || rest[1] == '?') {
    skip_to(">");
  } else if (base::is_letter(rest[1])) {
    take_tag(token, false);
  } else if (rest[1] == '/' && rest.size() > 2 && base::is_letter(rest[2])) {
    take_tag(token, true);
  } else {
    return false;
  }
  return true;
}

void HtmlScanner::take_tag(HtmlToken& token, bool close) {
  at_ += close ? 2 : 1;
  const std::size_t begin = at_;
  while (at_ < html_.size() && !ends_name(html_[at_])) ++at_;
  token.kind = close ? HtmlTokenKind::close : HtmlTokenKind::open;
  token.name = base::to_lower(html_.substr(begin, std::min(at_ - begin, kLongestName)));
  // Attributes mean nothing here, but a '>' inside quotes does not end the tag.
  while (at_ < html_.size() && html_[at_] != '>') {
    const char c = html_[at_++];
    if ((c != '"' && c != '\'') || html_[at_ - 2] != '=' || !quotes_balance_) continue;
    const std::size_t quote = html_.find(c, at_);
    quotes_balance_ = quote != std::string_view::npos;
    if (quotes_balance_) at_ = quote + 1;
  }
  const bool empty = at_ > begin && html_[at_ - 1] == '/';
  at_ = std::min(at_ + 1, html_.size());
  if (!close && !empty && is_dropped(token.name)) {
    skip_element(token.name);
    token.name.clear();
  }
}

void HtmlScanner::skip_to(std::string_view end) {
  const std::size_t found = html_.find(end, at_);
  at_ = found == std::string_view::npos ? html_.size() : found + end.size();
}

/// An element that is never closed is only a tag: its text is better than none.
void HtmlScanner::skip_element(const std::string& name) {
  if (never_closed_.contains(name)) return;
  const std::size_t close = find_close(name);
  if (close == std::string_view::npos) {
    never_closed_.insert(name);
    return;
  }
  at_ = close;
  skip_to(">");
}

std::size_t HtmlScanner::find_close(const std::string& name) const {
  for (std::size_t at = html_.find("</", at_); at != std::string_view::npos; at = html_.find("</", at + 2)) {
    const std::string_view found = html_.substr(at + 2, name.size());
    const std::size_t after = at + 2 + name.size();
    if (base::equal_ignoring_case(found, name) && (after >= html_.size() || ends_name(html_[after]))) return at;
  }
  return std::string_view::npos;
}

}  // namespace ragd::cli
