// Lines as plain text and Markdown use them, and which line ends are more than a soft wrap. Stateless but for the
// scanner, which belongs to one caller. Lines end at LF, a CR before it is white space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ragd::base {

enum class LineKind : std::uint8_t {
  blank,
  prose,
  heading,    ///< "# Title"
  list_item,  ///< "- item", "1. item", "> quote", "| row |"
  rule,       ///< "----", "====", "```"
};

struct Line {
  std::size_t begin = 0;     ///< byte offset of its first byte
  std::string_view content;  ///< without indentation and trailing white space
  LineKind kind = LineKind::blank;
};

class LineScanner {
 public:
  explicit LineScanner(std::string_view text) : text_(text) {}
  /// Moves to the next line; false at the end of the text.
  bool next();
  [[nodiscard]] const Line& line() const { return line_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Line line_;
};

/// `line` is one line without white space around it.
[[nodiscard]] LineKind kind_of_line(std::string_view line);

/// Without ASCII white space at either end.
[[nodiscard]] std::string_view trim_lines(std::string_view text);

/// Whether a sentence cannot run on from one line to the next.
[[nodiscard]] bool breaks_between(const Line& line, const Line& next);

}  // namespace ragd::base
