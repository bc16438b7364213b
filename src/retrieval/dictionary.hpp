// Sorted terms, each with its postings: a view of a part of a segment's bytes, and what writes such a part.
//
// The view is cheap to copy, thread-safe and must not outlive the bytes. Terms are any bytes; a segment has one
// dictionary of words and one of metadata values.
#pragma once

#include "retrieval/postings.hpp"
#include "retrieval/term_order.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

class Dictionary {
 public:
  Dictionary() = default;

  /// Null when the bytes are not such a part: sizes and offsets are checked, and that terms ascend and that every list
  /// stays within its bytes; not the content of blocks. `holders`: no posting may name one beyond. The bytes begin at a
  /// multiple of eight.
  [[nodiscard]] static std::optional<Dictionary> map(std::string_view bytes, std::uint32_t holders);
  /// The same for what a writer has just made: nothing is checked.
  [[nodiscard]] static Dictionary trusted(std::string_view bytes);

  [[nodiscard]] std::size_t size() const { return text_ends_.size(); }
  [[nodiscard]] std::string_view term(std::size_t position) const {
    const std::uint32_t begin = begin_of(text_ends_, position);
    return {text_ + begin, text_ends_[position] - begin};
  }
  /// Of term(position), without a branch.
  [[nodiscard]] OrderKey order_key(std::size_t position) const {
    const std::uint32_t begin = begin_of(text_ends_, position);
    const std::uint32_t end = text_ends_[position];
    // There always are eight bytes before the end of a text: a header and arrays lie before the first.
    const bool is_long = end - begin >= sizeof(OrderKey);
    const char* at = is_long ? text_ + begin : text_ + end - sizeof(OrderKey);
    return order_key_at_end(at, is_long ? sizeof(OrderKey) : end - begin);
  }
  [[nodiscard]] Postings postings(std::size_t position) const;
  /// The first position whose term is not less; size() when there is none.
  [[nodiscard]] std::size_t lower_bound(std::string_view term) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view term) const;

 private:
  friend class DictionaryWriter;
  /// What stands in front. Behind it: blocks, ends of texts, ends of lists, texts, lists, zeros.
  struct Header {
    std::uint32_t terms = 0;
    std::uint32_t blocks = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t list_bytes = 0;

    /// Of the whole part.
    [[nodiscard]] std::uint64_t size() const;
  };

  [[nodiscard]] static std::uint32_t begin_of(std::span<const std::uint32_t> ends, std::size_t position) {
    return position == 0 ? 0 : ends[position - 1];
  }
  [[nodiscard]] std::string_view list(std::size_t position) const {
    const std::uint32_t begin = begin_of(list_ends_, position);
    return {lists_ + begin, list_ends_[position] - begin};
  }
  [[nodiscard]] static Dictionary located(const Header& header, std::string_view bytes);
  [[nodiscard]] bool check(const Header& header, std::uint32_t holders) const;
  [[nodiscard]] bool check_list(std::size_t position, std::size_t& next_block, std::uint32_t holders) const;

  std::span<const Block> blocks_;
  std::span<const std::uint32_t> text_ends_;
  std::span<const std::uint32_t> list_ends_;
  const char* text_ = nullptr;
  const char* lists_ = nullptr;
};

/// Terms in ascending order, each with at least one posting. Throws std::length_error when texts or lists come to four
/// gigabytes: no segment may grow that large.
class DictionaryWriter {
 public:
  /// `lengths` is by holder; empty: no impacts. It must outlive the writer.
  explicit DictionaryWriter(std::span<const std::uint16_t> lengths);
  void add(std::string_view term, std::span<const Posting> postings);
  /// Of the finished part: a multiple of eight.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::string finish();
  /// The same, appended; what has been copied is given up on the way.
  void finish(std::string& out);

 private:
  [[nodiscard]] Dictionary::Header header() const;

  std::span<const std::uint16_t> lengths_;
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> text_ends_;
  std::vector<std::uint32_t> list_ends_;
  std::string text_;
  std::string lists_;
};

}  // namespace ragd::retrieval
