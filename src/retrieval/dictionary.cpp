// A list: the number of its postings as a varint; if it has full blocks, the number of the first as another; then what
// encode_postings makes. A word that occurs once costs its text, nine bytes and one to five for the holder.
#include "retrieval/dictionary.hpp"

#include "base/varint.hpp"
#include "retrieval/flat_bytes.hpp"

#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ragd::retrieval {

namespace {

static_assert(sizeof(Block) == 24);

constexpr std::size_t kAlignment = 8;

}  // namespace

std::uint64_t Dictionary::Header::size() const {
  const std::uint64_t used = sizeof(Header) + blocks * std::uint64_t{sizeof(Block)} +
                             terms * std::uint64_t{2 * sizeof(std::uint32_t)} + text_bytes + list_bytes;
  return (used + kAlignment - 1) / kAlignment * kAlignment;
}

Dictionary Dictionary::located(const Header& header, std::string_view bytes) {
  FlatReader parts(bytes.substr(sizeof header));
  Dictionary dictionary;
  dictionary.blocks_ = parts.array<Block>(header.blocks);
  dictionary.text_ends_ = parts.array<std::uint32_t>(header.terms);
  dictionary.list_ends_ = parts.array<std::uint32_t>(header.terms);
  dictionary.text_ = parts.bytes(header.text_bytes).data();
  dictionary.lists_ = parts.bytes(header.list_bytes).data();
  return dictionary;
}

std::optional<Dictionary> Dictionary::map(std::string_view bytes, std::uint32_t holders) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.size() != bytes.size()) return std::nullopt;
  const Dictionary dictionary = located(header, bytes);
  if (!dictionary.check(header, holders)) return std::nullopt;
  return dictionary;
}

Dictionary Dictionary::trusted(std::string_view bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return located(header, bytes);
}

bool Dictionary::check(const Header& header, std::uint32_t holders) const {
  std::uint32_t text_begin = 0;
  std::uint32_t list_begin = 0;
  std::size_t next_block = 0;
  for (std::size_t position = 0; position < size(); ++position) {
    if (text_ends_[position] < text_begin || text_ends_[position] > header.text_bytes) return false;
    if (list_ends_[position] < list_begin || list_ends_[position] > header.list_bytes) return false;
    if (position > 0 && term(position - 1) >= term(position)) return false;
    if (!check_list(position, next_block, holders)) return false;
    text_begin = text_ends_[position];
    list_begin = list_ends_[position];
  }
  return text_begin == header.text_bytes && list_begin == header.list_bytes && next_block == blocks_.size();
}

/// Lists own the blocks in turn.
bool Dictionary::check_list(std::size_t position, std::size_t& next_block, std::uint32_t holders) const {
  std::string_view bytes = list(position);
  std::uint64_t size = 0;
  if (!base::get_varint(bytes, size) || size > holders) return false;
  const std::size_t count = size / kBlockSize;
  if (count > 0) {
    std::uint64_t first = 0;
    if (!base::get_varint(bytes, first) || first != next_block || count > blocks_.size() - next_block) return false;
  }
  const auto blocks = blocks_.subspan(next_block, count);
  next_block += count;
  return check_postings(size, blocks, bytes, holders);
}

Postings Dictionary::postings(std::size_t position) const {
  std::string_view bytes = list(position);
  std::uint64_t size = 0;
  std::uint64_t first = 0;
  if (!base::get_varint(bytes, size)) return {};
  const std::size_t count = size / kBlockSize;
  if (count > 0 && !base::get_varint(bytes, first)) return {};
  return {static_cast<std::uint32_t>(size), blocks_.subspan(first, count),
          reinterpret_cast<const unsigned char*>(bytes.data())};
}

std::size_t Dictionary::lower_bound(std::string_view wanted) const {
  std::size_t first = 0;
  std::size_t last = size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (term(middle) < wanted) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

std::optional<std::size_t> Dictionary::find(std::string_view wanted) const {
  const std::size_t position = lower_bound(wanted);
  if (position == size() || term(position) != wanted) return std::nullopt;
  return position;
}

DictionaryWriter::DictionaryWriter(std::span<const std::uint16_t> lengths) : lengths_(lengths) {}

void DictionaryWriter::add(std::string_view term, std::span<const Posting> postings) {
  text_ += term;
  base::put_varint(lists_, postings.size());
  if (postings.size() >= kBlockSize) base::put_varint(lists_, blocks_.size());
  encode_postings(postings, lengths_, lists_, blocks_);
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (text_.size() > kMost || lists_.size() > kMost) throw std::length_error("a segment's dictionary is too large");
  text_ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  list_ends_.push_back(static_cast<std::uint32_t>(lists_.size()));
}

Dictionary::Header DictionaryWriter::header() const {
  return {static_cast<std::uint32_t>(text_ends_.size()), static_cast<std::uint32_t>(blocks_.size()),
          static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(lists_.size())};
}

std::size_t DictionaryWriter::bytes() const {
  return header().size();
}

std::string DictionaryWriter::finish() {
  std::string out;
  finish(out);
  return out;
}

void DictionaryWriter::finish(std::string& out) {
  const Dictionary::Header head = header();
  const std::size_t end = out.size() + head.size();
  out.reserve(end);
  out.append(reinterpret_cast<const char*>(&head), sizeof head);
  move_to(out, blocks_);
  move_to(out, text_ends_);
  move_to(out, list_ends_);
  move_to(out, text_);
  move_to(out, lists_);
  out.resize(end, '\0');
}

}  // namespace ragd::retrieval
