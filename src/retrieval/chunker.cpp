#include "retrieval/chunker.hpp"

#include "base/sentences.hpp"
#include "base/unicode.hpp"
#include "retrieval/blocks.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ragd::retrieval {

namespace {

/// What is never split: a sentence, a heading, a fence, or a piece of one that is too long.
struct Unit {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool opens_block = false;
};

/// The headings above a place, outermost first.
struct Heading {
  unsigned level = 0;
  std::string title;
};
using HeadingPath = std::vector<Heading>;

void enter(HeadingPath& path, const Block& heading) {
  while (!path.empty() && path.back().level >= heading.level) path.pop_back();
  path.push_back({heading.level, heading.title});
}

HeadingPath common_part(const HeadingPath& a, const HeadingPath& b) {
  const auto same = [](const Heading& x, const Heading& y) { return x.level == y.level && x.title == y.title; };
  return {a.begin(), std::mismatch(a.begin(), a.end(), b.begin(), b.end(), same).first};
}

std::string join(const HeadingPath& path) {
  std::string text;
  for (const Heading& heading : path) {
    if (!text.empty()) text += " > ";
    text += heading.title;
  }
  return text;
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/// Where to cut what is too long: behind the last of `separators` in the second half of the room, else between code
/// points. Never less than half the room, so that the pieces' number stays in proportion.
std::size_t cut_position(std::string_view rest, std::string_view separators) {
  const std::string_view room = base::utf8_prefix(rest, kMaxChunkBytes);
  const std::size_t at = room.find_last_of(separators);
  return at != std::string_view::npos && at >= kMaxChunkBytes / 2 ? at + 1 : room.size();
}

class Chunker {
 public:
  explicit Chunker(std::string_view text) : text_(text) {}

  std::vector<store::ChunkSpan> run() {
    for (const Block& block : split_blocks(text_)) {
      if (block.kind == BlockKind::heading) {
        begin_section(block);
      } else if (!has_body_) {
        path_ = has_path_ ? common_part(path_, headings_) : headings_;
        has_path_ = has_body_ = true;
      }
      add_block(block);
    }
    close_section();
    return std::move(chunks_);
  }

 private:
  void begin_section(const Block& heading) {
    enter(headings_, heading);
    if (has_body_ && units_.back().end - units_.front().begin >= kMinSectionBytes) close_section();
    has_body_ = false;
  }

  void close_section() {
    if (units_.empty()) return;
    pack(join(has_path_ ? path_ : headings_));
    units_.clear();
    has_path_ = has_body_ = false;
  }

  void add_block(const Block& block) {
    const std::size_t first = units_.size();
    if (block.kind == BlockKind::code) {
      add_unit(block.begin, block.end, "\n");
    } else {
      for (const base::Span& sentence : base::split_sentences(text_.substr(block.begin, block.end - block.begin))) {
        add_unit(block.begin + sentence.begin, block.begin + sentence.end, " \t\r\n\f\v");
      }
    }
    if (first < units_.size()) units_[first].opens_block = true;
  }

  void add_unit(std::size_t begin, const std::size_t end, std::string_view separators) {
    while ((begin = skip_space(begin, end)) < end) {
      const std::string_view rest = text_.substr(begin, end - begin);
      std::size_t cut = begin + (rest.size() > kMaxChunkBytes ? cut_position(rest, separators) : rest.size());
      const std::size_t next = cut;
      while (is_space(text_[cut - 1])) --cut;
      units_.push_back({begin, cut, false});
      begin = next;
    }
  }

  [[nodiscard]] std::size_t skip_space(std::size_t at, std::size_t end) const {
    while (at < end && is_space(text_[at])) ++at;
    return at;
  }

  void pack(const std::string& heading) {
    for (std::size_t first = 0; first < units_.size();) {
      const std::size_t behind = chunk_end(first);
      chunks_.push_back({units_[first].begin, units_[behind - 1].end, heading});
      first = behind;
    }
  }

  /// The unit behind the last one of the chunk that begins with `first`.
  [[nodiscard]] std::size_t chunk_end(std::size_t first) const {
    const std::size_t begin = units_[first].begin;
    if (units_.back().end - begin <= kMaxChunkBytes) return units_.size();
    std::size_t behind = first + 1;
    std::size_t block_start = 0;  // the last place where a paragraph ends and the chunk is not small
    while (behind < units_.size() && units_[behind].end - begin <= kTargetChunkBytes) {
      if (units_[behind].opens_block && units_[behind].begin - begin >= kTargetChunkBytes / 2) block_start = behind;
      ++behind;
    }
    const bool inside_block = behind < units_.size() && !units_[behind].opens_block;
    return inside_block && block_start > 0 ? block_start : behind;
  }

  std::string_view text_;
  HeadingPath headings_;  ///< above the place reached
  HeadingPath path_;      ///< of the open section
  bool has_path_ = false;
  bool has_body_ = false;  ///< the open section holds more than headings since the last one
  std::vector<Unit> units_;
  std::vector<store::ChunkSpan> chunks_;
};

}  // namespace

std::vector<store::ChunkSpan> chunk_text(std::string_view text) {
  return Chunker(text).run();
}

}  // namespace ragd::retrieval
