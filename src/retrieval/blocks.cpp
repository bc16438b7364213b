#include "retrieval/blocks.hpp"

#include "base/lines.hpp"
#include "base/unicode.hpp"

#include <algorithm>
#include <utility>

namespace ragd::retrieval {

namespace {

constexpr std::size_t kMaxIndent = 3;  // more makes it an indented code block (CommonMark 4.4)
constexpr std::size_t kMinFence = 3;
constexpr std::size_t kMinUnderline = 3;
constexpr unsigned kMaxLevel = 6;

std::size_t run_length(std::string_view text, char c) {
  return std::min(text.find_first_not_of(c), text.size());
}

struct Fence {
  char mark = 0;
  std::size_t length = 0;
};

/// CommonMark 4.5; what follows the marks of an opening fence is its info string.
Fence fence_of(std::string_view content) {
  if (content.empty() || (content.front() != '`' && content.front() != '~')) return {};
  const Fence fence{content.front(), run_length(content, content.front())};
  if (fence.length < kMinFence) return {};
  const bool inline_code = fence.mark == '`' && content.find('`', fence.length) != std::string_view::npos;
  return inline_code ? Fence{} : fence;
}

bool closes(std::string_view content, const Fence& open) {
  return run_length(content, open.mark) >= open.length &&
         content.find_first_not_of(open.mark) == std::string_view::npos;
}

unsigned atx_level(std::string_view content) {
  const std::size_t marks = run_length(content, '#');
  if (marks == 0 || marks > kMaxLevel) return 0;
  const bool apart = marks < content.size() && (content[marks] == ' ' || content[marks] == '\t');
  return apart ? static_cast<unsigned>(marks) : 0;
}

unsigned setext_level(std::string_view content) {
  if (content.size() < kMinUnderline) return 0;
  if (run_length(content, '=') == content.size()) return 1;
  return run_length(content, '-') == content.size() ? 2 : 0;
}

std::string title_of(std::string_view content) {
  return std::string(base::trim_lines(base::utf8_prefix(base::trim_lines(content), kMaxTitleBytes)));
}

/// "Title" of "## Title ##".
std::string atx_title(std::string_view content, unsigned level) {
  content = base::trim_lines(content.substr(level));
  const std::size_t last = content.find_last_not_of('#');
  const bool closed = last != std::string_view::npos && (content[last] == ' ' || content[last] == '\t');
  return title_of(closed ? content.substr(0, last) : content);
}

class BlockSplitter {
 public:
  explicit BlockSplitter(std::string_view text) : text_(text), lines_(text) {}

  std::vector<Block> run() {
    while (lines_.next()) take(lines_.line());
    close();
    return std::move(blocks_);
  }

 private:
  void take(const base::Line& line) {
    const std::string_view content = line.content;
    if (fence_.length > 0) return take_code(content);
    if (content.empty()) return close();
    const auto begin = static_cast<std::size_t>(content.data() - text_.data());
    if (begin - line.begin <= kMaxIndent && take_markup(content, begin)) return;
    if (open_lines_ == 0) blocks_.push_back({begin, begin, BlockKind::paragraph, 0, {}});
    extend(content);
  }

  bool take_markup(std::string_view content, std::size_t begin) {
    if (const Fence fence = fence_of(content); fence.length > 0) {
      close();
      fence_ = fence;
      blocks_.push_back({begin, begin + content.size(), BlockKind::code, 0, {}});
      return true;
    }
    if (const unsigned level = atx_level(content); level > 0) {
      close();
      blocks_.push_back({begin, begin + content.size(), BlockKind::heading, level, atx_title(content, level)});
      return true;
    }
    if (const unsigned level = setext_level(content); level > 0 && open_lines_ == 1) {
      Block& block = blocks_.back();
      block.kind = BlockKind::heading;
      block.level = level;
      block.title = title_of(text_.substr(block.begin, block.end - block.begin));
      extend(content);
      close();
      return true;
    }
    return false;
  }

  void take_code(std::string_view content) {
    if (!content.empty()) extend(content);
    if (closes(content, fence_)) {
      fence_ = {};
      close();
    }
  }

  void extend(std::string_view content) {
    blocks_.back().end = static_cast<std::size_t>(content.data() - text_.data()) + content.size();
    ++open_lines_;
  }

  void close() { open_lines_ = 0; }

  std::string_view text_;
  base::LineScanner lines_;
  std::vector<Block> blocks_;
  Fence fence_;                 ///< open while its length is not 0
  std::size_t open_lines_ = 0;  ///< of the last block, while it may grow
};

}  // namespace

std::vector<Block> split_blocks(std::string_view text) {
  return BlockSplitter(text).run();
}

}  // namespace ragd::retrieval
