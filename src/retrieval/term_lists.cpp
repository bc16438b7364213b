#include "retrieval/term_lists.hpp"

#include "base/hash.hpp"
#include "retrieval/term_order.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ragd::retrieval {

namespace {

constexpr std::size_t kPageBytes = std::size_t{64} << 10;
constexpr std::size_t kMostPages = (std::size_t{1} << 32U) / kPageBytes;
constexpr std::uint32_t kFirstSlice = 8;
constexpr std::uint32_t kLargestSlice = 4096;
constexpr std::size_t kLink = sizeof(std::uint32_t);
constexpr std::size_t kFirstTable = 1024;

std::uint32_t after_slice(std::uint32_t bytes) {
  return std::min(2 * bytes, kLargestSlice);
}

}  // namespace

/// Gives a list's postings back in order.
class TermLists::Reader {
 public:
  Reader(const TermLists& lists, const List& list)
      : lists_(lists), at_(lists.at(list.first)), end_(at_ + kFirstSlice) {}

  Posting next() {
    const std::uint64_t step = value();
    holder_ += static_cast<std::uint32_t>(step / 2);
    return {holder_, step % 2 == 0 ? std::uint16_t{1} : static_cast<std::uint16_t>(value())};
  }

 private:
  std::uint64_t value() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const unsigned char next = byte();
      value |= std::uint64_t{next & 0x7FU} << shift;
      if (next < 0x80) return value;
    }
  }
  unsigned char byte() {
    if (at_ == end_) {
      Position slice = 0;
      std::memcpy(&slice, end_, kLink);
      bytes_ = after_slice(bytes_);
      at_ = lists_.at(slice);
      end_ = at_ + bytes_;
    }
    return *at_++;
  }

  const TermLists& lists_;
  const unsigned char* at_;
  const unsigned char* end_;
  std::uint32_t bytes_ = kFirstSlice;
  std::uint32_t holder_ = 0;
};

TermLists::TermLists() : table_(kFirstTable) {}

std::string_view TermLists::term(TermNumber number) const {
  return {text_.data() + lists_[number].text, lists_[number].text_bytes};
}

TermNumber TermLists::number_of(std::string_view wanted) {
  const auto hash = static_cast<std::uint32_t>(base::hash64(wanted));
  std::size_t at = hash & (table_.size() - 1);
  for (; table_[at].next != 0; at = (at + 1) & (table_.size() - 1)) {
    if (table_[at].hash == hash && term(table_[at].next - 1) == wanted) return table_[at].next - 1;
  }
  if (text_.size() + wanted.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("too many words for one segment");
  }
  const auto number = static_cast<TermNumber>(lists_.size());
  List& list = lists_.emplace_back();
  list.text = static_cast<std::uint32_t>(text_.size());
  list.text_bytes = static_cast<std::uint32_t>(wanted.size());
  text_ += wanted;
  table_[at] = {hash, number + 1};
  if (lists_.size() > table_.size() / 2) grow_table();
  return number;
}

void TermLists::grow_table() {
  const std::vector<Slot> before = std::exchange(table_, std::vector<Slot>(table_.size() * 2));
  for (const Slot& slot : before) {
    if (slot.next == 0) continue;
    std::size_t at = slot.hash & (table_.size() - 1);
    while (table_[at].next != 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = slot;
  }
}

void TermLists::add(TermNumber number, Posting posting) {
  List& list = lists_[number];
  if (list.size == 0) {
    list.slice_bytes = kFirstSlice;
    list.first = list.at = new_slice(kFirstSlice);
    list.end = list.first + kFirstSlice;
  } else if (list.last == posting.holder) {
    return;
  }
  const std::uint64_t step = posting.holder - std::exchange(list.last, posting.holder);
  put(list, 2 * step + (posting.frequency > 1 ? 1 : 0));
  if (posting.frequency > 1) put(list, posting.frequency);
  ++list.size;
}

void TermLists::put(List& list, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) put_byte(list, static_cast<unsigned char>((value & 0x7FU) | 0x80U));
  put_byte(list, static_cast<unsigned char>(value));
}

void TermLists::put_byte(List& list, unsigned char byte) {
  if (list.at == list.end) {
    list.slice_bytes = after_slice(list.slice_bytes);
    const Position next = new_slice(list.slice_bytes);
    std::memcpy(at(list.end), &next, kLink);
    list.at = next;
    list.end = next + list.slice_bytes;
  }
  *at(list.at++) = byte;
}

TermLists::Position TermLists::new_slice(std::size_t bytes) {
  const std::size_t needed = bytes + kLink;
  if (page_left_ < needed) {
    if (pages_.size() == kMostPages) throw std::length_error("too many postings for one segment");
    pages_.push_back(std::make_unique_for_overwrite<unsigned char[]>(kPageBytes));
    page_left_ = kPageBytes;
  }
  const std::size_t position = pages_.size() * kPageBytes - page_left_;
  page_left_ -= needed;
  return static_cast<Position>(position);
}

unsigned char* TermLists::at(Position position) const {
  return pages_[position / kPageBytes].get() + position % kPageBytes;
}

std::vector<TermNumber> TermLists::sorted() const {
  struct Keyed {
    std::uint64_t key = 0;
    TermNumber number = 0;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(size());
  for (TermNumber number = 0; number < size(); ++number) keyed.push_back({order_key(term(number)), number});
  std::sort(keyed.begin(), keyed.end(), [this](const Keyed& a, const Keyed& b) {
    return a.key != b.key ? a.key < b.key : term(a.number) < term(b.number);
  });
  std::vector<TermNumber> numbers;
  numbers.reserve(size());
  for (const Keyed& term : keyed) numbers.push_back(term.number);
  return numbers;
}

void TermLists::write(DictionaryWriter& writer) const {
  std::vector<Posting> postings;
  for (const TermNumber number : sorted()) {
    const List& list = lists_[number];
    if (list.size == 0) continue;
    Reader reader(*this, list);
    postings.clear();
    for (std::uint32_t i = 0; i < list.size; ++i) postings.push_back(reader.next());
    writer.add(term(number), postings);
  }
}

}  // namespace ragd::retrieval
