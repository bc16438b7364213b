#include "cli/readers/text_builder.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace ragd::cli {

namespace {
constexpr std::string_view kItem = "- ";
constexpr std::string_view kRow = "| ";
constexpr std::string_view kCell = " | ";
}  // namespace

void TextBuilder::add(std::string_view text) {
  for (const char c : text) {
    if (base::is_space(c)) {
      space_ = true;
    } else {
      settle();
      out_ += c;
    }
  }
}

void TextBuilder::add_block(std::string_view text) {
  mark_ = {};
  break_paragraph();
  settle();
  out_ += text;
  break_paragraph();
}

void TextBuilder::begin_item() {
  mark_ = {};
  break_line();
  mark_ = kItem;
}

void TextBuilder::end_item() {
  mark_ = {};
  break_line();
}

void TextBuilder::begin_cell() {
  mark_ = out_.empty() || breaks_ > 0 ? kRow : kCell;
}

void TextBuilder::end_cell() {
  const bool empty = !mark_.empty();
  mark_ = {};
  if (!empty) breaks_ = 0;
}

void TextBuilder::begin_row() {
  mark_ = {};
  break_line();
}

void TextBuilder::want_break(std::size_t lines) {
  if (mark_.empty()) breaks_ = std::max(breaks_, lines);
}

void TextBuilder::settle() {
  if (!out_.empty() && breaks_ > 0) {
    out_.append(breaks_, '\n');
  } else if (!out_.empty() && space_ && mark_.empty()) {
    out_ += ' ';
  }
  out_ += mark_;
  mark_ = {};
  breaks_ = 0;
  space_ = false;
}

}  // namespace ragd::cli
