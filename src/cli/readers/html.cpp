// HTML as text: blocks become paragraphs, h1..h6 Markdown headings, pre a fenced block, tables rows of cells.
#include "base/ascii.hpp"
#include "cli/readers/html_entities.hpp"
#include "cli/readers/html_tokens.hpp"
#include "cli/readers/reader.hpp"
#include "cli/readers/text_builder.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace ragd::cli {

namespace {

constexpr std::array<std::string_view, 32> kBlocks{
    "address", "article", "aside", "blockquote", "body",  "center", "details", "dialog",     "div",  "dl",  "fieldset",
    "figure",  "footer",  "form",  "header",     "hr",    "main",   "menu",    "nav",        "ol",   "p",   "section",
    "summary", "table",   "tbody", "tfoot",      "thead", "ul",     "caption", "figcaption", "html", "head"};
constexpr std::array<std::string_view, 4> kLines{"br", "dd", "dt", "legend"};

bool one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// 1..6 for h1..h6, else 0.
std::size_t heading_level(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6'
             ? static_cast<std::size_t>(name[1] - '0')
             : 0;
}

/// Invisible characters that only break words apart for an index: soft hyphens, zero-width spaces. And no-break
/// spaces are spaces.
std::string without_typesetting(std::string text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest.starts_with("\u00A0")) {
      out += ' ';
      i += 1;
    } else if (rest.starts_with("\u00AD")) {
      i += 1;
    } else if (rest.starts_with("\u200B") || rest.starts_with("\uFEFF")) {
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string collapse(std::string_view text) {
  TextBuilder builder;
  builder.add(text);
  return std::move(builder.text());
}

class HtmlReader {
 public:
  explicit HtmlReader(std::string_view html) : scanner_(html) {}

  Reading run() {
    HtmlToken token;
    while (scanner_.next(token)) {
      if (token.kind == HtmlTokenKind::text) {
        take_text(without_typesetting(decode_entities(token.text)));
      } else {
        take_tag(token.name, token.kind == HtmlTokenKind::open);
      }
    }
    if (in_pre_) end_pre();
    if (title_.empty()) title_ = first_heading_;
    return {collapse(title_), std::move(body_.text())};
  }

 private:
  void take_text(const std::string& text) {
    if (in_title_) {
      // Only the first counts; a title that is never closed ends with the first tag.
      if (title_.empty()) title_ = text;
    } else if (in_pre_) {
      pre_ += text;
    } else if (level_ > 0) {
      heading_ += text;
    } else {
      body_.add(text);
    }
  }

  void take_tag(const std::string& name, bool open) {
    in_title_ = open && name == "title";
    if (in_title_) return;
    if (name == "pre") return open ? begin_pre() : end_pre();
    if (in_pre_) {
      if (name == "br") pre_ += '\n';
      return;
    }
    if (const std::size_t level = heading_level(name); level > 0) {
      end_heading();
      level_ = open ? level : 0;
      return;
    }
    if (level_ > 0) {
      heading_ += one_of(name, kLines) ? " " : "";
      // A heading holds no blocks: one that begins inside means that the heading was not closed.
      if (!one_of(name, kBlocks) && name != "li") return;
      end_heading();
    }
    take_flow(name, open);
  }

  void take_flow(std::string_view name, bool open) {
    if (name == "li") return open ? body_.begin_item() : body_.end_item();
    if (name == "td" || name == "th") return open ? body_.begin_cell() : body_.end_cell();
    if (name == "tr") return body_.begin_row();
    if (name == "table" && !open) body_.begin_row();
    if (one_of(name, kBlocks)) return body_.break_paragraph();
    if (one_of(name, kLines)) body_.break_line();
  }

  void end_heading() {
    std::string heading = collapse(heading_);
    for (const std::string_view link : {"\u00B6", "\uF0C1"}) {  // documentation generators link headings to themselves
      if (heading.ends_with(link)) heading.resize(heading.size() - link.size());
    }
    heading = base::trim(heading);
    if (level_ > 0 && !heading.empty()) {
      body_.add_block(std::string(level_, '#') + " " + heading);
      if (first_heading_.empty()) first_heading_ = heading;
    }
    heading_.clear();
    level_ = 0;
  }

  void begin_pre() {
    end_heading();
    if (in_pre_) end_pre();
    in_pre_ = true;
  }

  void end_pre() {
    in_pre_ = false;
    std::string_view code = pre_;
    while (code.starts_with('\n') || code.starts_with('\r')) code.remove_prefix(1);
    while (!code.empty() && base::is_space(code.back())) code.remove_suffix(1);
    if (!code.empty()) {
      // Fenced, so that a '# comment' in it is not taken for a heading.
      const std::string fence(std::max<std::size_t>(3, longest_run(code, '`') + 1), '`');
      body_.add_block(fence + "\n" + std::string(code) + "\n" + fence);
    }
    pre_.clear();
  }

  static std::size_t longest_run(std::string_view text, char wanted) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
      run = c == wanted ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }

  HtmlScanner scanner_;
  TextBuilder body_;
  std::string title_;
  std::string first_heading_;
  std::string heading_;    ///< of the one that is open
  std::size_t level_ = 0;  ///< 0: none is open
  std::string pre_;
  bool in_pre_ = false;
  bool in_title_ = false;
};

}  // namespace

Reading read_html(std::string_view html) {
  return HtmlReader(html).run();
}

}  // namespace ragd::cli
