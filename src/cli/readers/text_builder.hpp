// Text as a reader of HTML builds it: white space collapses, and breaks, list marks and cell bars wait until something
// follows them, so empty elements leave no trace.
//
// For one document. Knows nothing of HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ragd::cli {

class TextBuilder {
 public:
  /// Runs of white space become one space.
  void add(std::string_view text);
  /// A paragraph of its own, as it stands: headings, code.
  void add_block(std::string_view text);

  void break_line() { want_break(1); }
  void break_paragraph() { want_break(2); }

  /// "- " before the next text.
  void begin_item();
  void end_item();
  /// "| " before the next text of the row's first cell, " | " before that of the others.
  void begin_cell();
  /// A cell's last paragraph does not part it from the next cell.
  void end_cell();
  void begin_row();

  [[nodiscard]] std::string& text() { return out_; }

 private:
  void want_break(std::size_t lines);
  void settle();

  std::string out_;
  std::string_view mark_;  ///< waits for text; nothing may come between a mark and its text
  std::size_t breaks_ = 0;
  bool space_ = false;
};

}  // namespace ragd::cli
