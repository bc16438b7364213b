// A full block: the widths of its holders and of its frequencies, a byte each, then both packed. What is packed of a
// holder is how many are skipped before it, of a frequency how many more than one.
//
// The rest: for each posting a varint, twice the skipped ones, plus one if it has more than one occurrence; then
// another with how many more than two.
#include "retrieval/postings.hpp"

#include "base/varint.hpp"
#include "retrieval/bit_packing.hpp"
#include "retrieval/impacts.hpp"

#include <algorithm>
#include <bit>

namespace ragd::retrieval {

namespace {

static_assert(kBlockSize == kPackedValues);

constexpr std::size_t kWidths = 2;  ///< bytes before the packed ones
/// 33 bits and 16 bits, seven to a byte.
constexpr std::size_t kLongestPosting = 5 + 3;

/// base::get_varint for bytes that have been checked.
std::uint64_t next_varint(const unsigned char*& at) {
  std::uint64_t value = *at & 0x7FU;
  for (unsigned shift = 7; (*at++ & 0x80U) != 0; shift += 7) value |= std::uint64_t{*at & 0x7FU} << shift;
  return value;
}

char* put_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) *at++ = static_cast<char>((value & 0x7FU) | 0x80U);
  *at++ = static_cast<char>(value);
  return at;
}

template <class Word>
unsigned width_of(const std::array<Word, kBlockSize>& values) {
  Word all = 0;
  for (const Word value : values) all = static_cast<Word>(all | value);
  return static_cast<unsigned>(std::bit_width(all));
}

void encode_block(std::span<const Posting, kBlockSize> postings, std::uint32_t before, std::string& bytes) {
  std::array<std::uint32_t, kBlockSize> skipped;
  std::array<std::uint16_t, kBlockSize> more;
  for (std::size_t i = 0; i < kBlockSize; ++i) {
    skipped[i] = postings[i].holder - before - 1;
    more[i] = static_cast<std::uint16_t>(postings[i].frequency - 1);
    before = postings[i].holder;
  }
  const unsigned holder_width = width_of(skipped);
  const unsigned frequency_width = width_of(more);
  const std::size_t begin = bytes.size();
  bytes.resize(begin + kWidths + packed_bytes(holder_width) + packed_bytes(frequency_width));
  auto* out = reinterpret_cast<unsigned char*>(bytes.data()) + begin;
  out[0] = static_cast<unsigned char>(holder_width);
  out[1] = static_cast<unsigned char>(frequency_width);
  pack(skipped, holder_width, out + kWidths);
  pack(more, frequency_width, out + kWidths + packed_bytes(holder_width));
}

void encode_rest(std::span<const Posting> postings, std::uint32_t before, std::string& bytes) {
  std::array<char, kBlockSize * kLongestPosting> buffer;
  char* end = buffer.data();
  for (const Posting& posting : postings) {
    const std::uint64_t skipped = posting.holder - before - 1;
    const bool repeated = posting.frequency > 1;
    end = put_varint(end, 2 * skipped + (repeated ? 1 : 0));
    if (repeated) end = put_varint(end, posting.frequency - 2U);
    before = posting.holder;
  }
  bytes.append(buffer.data(), end);
}

/// Of a full block; the first byte is at `at`.
std::size_t full_block_bytes(const unsigned char* at) {
  return kWidths + packed_bytes(at[0]) + packed_bytes(at[1]);
}

bool check_rest(std::size_t size, std::uint64_t next_holder, std::string_view bytes, std::uint32_t limit) {
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t skipped = 0;
    if (!base::get_varint(bytes, skipped)) return false;
    std::uint64_t more = 0;
    if (skipped % 2 == 1 && (!base::get_varint(bytes, more) || more > 0xFFFD)) return false;
    if (skipped / 2 >= limit || next_holder + skipped / 2 >= limit) return false;
    next_holder += skipped / 2 + 1;
  }
  return bytes.empty();
}

}  // namespace

void Postings::decode(std::size_t block, DecodedBlock& out) const {
  if (block < blocks_.size()) {
    decode_full(block, out);
  } else {
    decode_rest(out);
  }
}

void Postings::decode_full(std::size_t block, DecodedBlock& out) const {
  const unsigned char* at = bytes_ + blocks_[block].offset;
  const unsigned holder_width = at[0];
  const unsigned frequency_width = at[1];
  unpack_plus_one(at + kWidths, holder_width, out.holders);
  unpack_plus_one(at + kWidths + packed_bytes(holder_width), frequency_width, out.frequencies);
  std::uint32_t holder = holder_before(block);
  for (std::uint32_t& step : out.holders) step = holder += step;
  out.size = kBlockSize;
}

void Postings::decode_rest(DecodedBlock& out) const {
  const unsigned char* at = bytes_;
  if (!blocks_.empty()) {
    at += blocks_.back().offset;
    at += full_block_bytes(at);
  }
  out.size = size_ % kBlockSize;
  std::uint32_t holder = holder_before(blocks_.size());
  for (std::size_t i = 0; i < out.size; ++i) {
    const std::uint64_t skipped = next_varint(at);
    holder += static_cast<std::uint32_t>(skipped / 2) + 1;
    out.holders[i] = holder;
    out.frequencies[i] = skipped % 2 == 0 ? std::uint16_t{1} : static_cast<std::uint16_t>(next_varint(at) + 2);
  }
}

void encode_postings(std::span<const Posting> postings, std::span<const std::uint16_t> lengths, std::string& bytes,
                     std::vector<Block>& blocks) {
  const std::size_t begin = bytes.size();
  std::uint32_t before = ~std::uint32_t{0};
  for (; postings.size() >= kBlockSize; postings = postings.subspan(kBlockSize)) {
    const auto block = postings.first<kBlockSize>();
    Block& head = blocks.emplace_back();
    head.last = block.back().holder;
    head.offset = static_cast<std::uint32_t>(bytes.size() - begin);
    if (!lengths.empty()) head.impacts = block_impacts(block, lengths);
    encode_block(block, before, bytes);
    before = head.last;
  }
  encode_rest(postings, before, bytes);
}

bool check_postings(std::size_t size, std::span<const Block> blocks, std::string_view bytes, std::uint32_t limit) {
  if (size == 0 || size > limit || blocks.size() != size / kBlockSize) return false;
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t offset = 0;
  std::uint64_t next_holder = 0;
  for (const Block& block : blocks) {
    if (block.offset != offset || bytes.size() - offset < kWidths) return false;
    const unsigned char* at = begin + offset;
    if (at[0] > kWordBits<std::uint32_t> || at[1] > kWordBits<std::uint16_t>) return false;
    if (bytes.size() - offset < full_block_bytes(at)) return false;
    if (block.last >= limit || block.last + std::uint64_t{1} < next_holder + kBlockSize) return false;
    offset += full_block_bytes(at);
    next_holder = block.last + std::uint64_t{1};
  }
  return check_rest(size % kBlockSize, next_holder, bytes.substr(offset), limit);
}

}  // namespace ragd::retrieval
