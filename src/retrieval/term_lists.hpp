// Terms, numbered as they appear, and who holds each: what a dictionary is built from.
//
// Lists grow as varints in slices of a few bytes, each twice as long as the one before: a hundred million postings of
// two million terms take a few bytes each, and none is ever moved. Belongs to one caller.
#pragma once

#include "retrieval/dictionary.hpp"
#include "retrieval/postings.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

using TermNumber = std::uint32_t;

class TermLists {
 public:
  TermLists();

  /// The term's number, a new one when it has none.
  [[nodiscard]] TermNumber number_of(std::string_view term);
  [[nodiscard]] std::size_t size() const { return lists_.size(); }

  /// A term's holders must ascend; the last one again is ignored.
  void add(TermNumber term, Posting posting);

  /// All terms in ascending order; those that nobody holds are left out.
  void write(DictionaryWriter& writer) const;

 private:
  /// Where bytes of the pages are: page * kPageBytes + offset there.
  using Position = std::uint32_t;

  /// Half a cache line.
  struct List {
    std::uint32_t text = 0;  ///< where the term begins
    std::uint32_t text_bytes = 0;
    Position first = 0;
    Position at = 0;   ///< the next byte goes here
    Position end = 0;  ///< of the slice; behind it lies the position of the next
    std::uint32_t slice_bytes = 0;
    std::uint32_t size = 0;
    std::uint32_t last = 0;  ///< holder
  };
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t next = 0;  ///< number + 1; 0: free
  };
  class Reader;

  [[nodiscard]] std::string_view term(TermNumber number) const;
  [[nodiscard]] std::vector<TermNumber> sorted() const;
  void grow_table();
  void put(List& list, std::uint64_t value);
  void put_byte(List& list, unsigned char byte);
  /// With room behind it for a position.
  [[nodiscard]] Position new_slice(std::size_t bytes);
  [[nodiscard]] unsigned char* at(Position position) const;

  std::string text_;
  std::vector<List> lists_;  ///< by number
  std::vector<Slot> table_;  ///< open addressing; a power of two
  std::vector<std::unique_ptr<unsigned char[]>> pages_;
  std::size_t page_left_ = 0;  ///< free bytes, at the end of the last one
};

}  // namespace ragd::retrieval
