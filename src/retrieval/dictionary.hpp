// Sorted terms, each with its postings: a view of a part of a segment's bytes, and what writes such a part.
//
// The view is cheap to copy, thread-safe and must not outlive the bytes. Terms are any bytes; a segment has one
// dictionary of words and one of metadata values.
#pragma once

#include "retrieval/postings.hpp"

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
  /// stays within its bytes; not the content of blocks. `holders`: no posting may name one beyond.
  [[nodiscard]] static std::optional<Dictionary> map(std::string_view bytes);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::string_view term(std::size_t position) const;
  [[nodiscard]] Postings postings(std::size_t position) const;
  /// The first position whose term is not less; size() when there is none.
  [[nodiscard]] std::size_t lower_bound(std::string_view term) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view term) const;

 private:
};

/// Terms in ascending order, each with at least one posting.
class DictionaryWriter {
 public:
  /// `lengths` is by holder; empty: no impacts. It must outlive the writer.
  explicit DictionaryWriter(std::span<const std::uint16_t> lengths);
  void add(std::string_view term, std::span<const Posting> postings);
  /// The part's bytes; a multiple of eight of them.
  [[nodiscard]] std::string finish();

 private:
};

}  // namespace ragd::retrieval
