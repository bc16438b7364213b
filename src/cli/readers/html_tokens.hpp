// HTML cut into tags and text, forgivingly: any bytes are HTML to it.
//
// One scanner per document, one pass, linear time on garbage too: what has no end is looked for once. Comments,
// doctypes, processing instructions and elements without prose (script, style, nav, ...) never come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace ragd::cli {

enum class HtmlTokenKind : std::uint8_t { text, open, close };

struct HtmlToken {
  HtmlTokenKind kind = HtmlTokenKind::text;
  std::string name;       ///< of a tag, in lower case
  std::string_view text;  ///< of a text, entities not yet decoded
};

class HtmlScanner {
 public:
  explicit HtmlScanner(std::string_view html) : html_(html) {}
  /// False at the end.
  bool next(HtmlToken& token);

 private:
  bool take_markup(HtmlToken& token);
  void take_tag(HtmlToken& token, bool close);
  void skip_to(std::string_view end);
  void skip_element(const std::string& name);
  [[nodiscard]] std::size_t find_close(const std::string& name) const;

  std::string_view html_;
  std::size_t at_ = 0;
  bool quotes_balance_ = true;
  std::set<std::string> never_closed_;
};

}  // namespace ragd::cli
