#include "store/record.hpp"

#include "base/hash.hpp"

#include <utility>

namespace ragd::store {

namespace {

constexpr char kHeaderFormat = 1;
constexpr std::size_t kHashBytes = 16;
// start, length and an empty heading take a byte each: no honest record has more chunks than a third of its bytes.
constexpr std::size_t kMinChunkBytes = 3;

void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

bool get_string(std::string_view& bytes, std::string& text) {
  std::uint64_t size = 0;
  if (!get_varint(bytes, size) || size > bytes.size()) return false;
  text.assign(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return true;
}

void put_fixed64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
}

std::uint64_t fixed64_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return value;
}

bool get_chunks(std::string_view& bytes, std::uint64_t text_bytes, std::vector<ChunkSpan>& chunks) {
  std::uint64_t count = 0;
  if (!get_varint(bytes, count) || count > bytes.size() / kMinChunkBytes) return false;
  chunks.resize(count);
  for (ChunkSpan& chunk : chunks) {
    std::uint64_t length = 0;
    if (!get_varint(bytes, chunk.start) || !get_varint(bytes, length) || !get_string(bytes, chunk.heading))
      return false;
    if (chunk.start > text_bytes || length > text_bytes - chunk.start) return false;
    chunk.end = chunk.start + length;
  }
  return true;
}

Error damaged() {
  return fail(Errc::internal, "a stored document's header record is damaged");
}

}  // namespace

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

bool get_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

std::string encode_header(const StoredDocument& stored) {
  const Document& document = stored.document;
  std::string fields;
  put_varint(fields, document.text.size());
  put_string(fields, document.title);
  put_string(fields, document.source);
  put_string(fields, document.metadata_json);
  put_varint(fields, stored.chunks.size());
  for (const ChunkSpan& chunk : stored.chunks) {
    put_varint(fields, chunk.start);
    put_varint(fields, chunk.end - chunk.start);
    put_string(fields, chunk.heading);
  }

  std::string hashed;
  put_string(hashed, document.id);
  put_string(hashed, fields);
  hashed += document.text;
  const ContentHash hash = base::hash128(hashed);

  std::string record(1, kHeaderFormat);
  put_fixed64(record, hash[0]);
  put_fixed64(record, hash[1]);
  return record += fields;
}

Result<ContentHash> decode_hash(std::string_view bytes) {
  if (bytes.size() < 1 + kHashBytes || bytes.front() != kHeaderFormat) return damaged();
  return ContentHash{fixed64_at(bytes, 1), fixed64_at(bytes, 9)};
}

Result<HeaderRecord> decode_header(std::string_view bytes) {
  const Result<ContentHash> hash = decode_hash(bytes);
  if (!hash) return hash.error();
  bytes.remove_prefix(1 + kHashBytes);
  HeaderRecord header;
  header.hash = *hash;
  const bool whole = get_varint(bytes, header.text_bytes) && get_string(bytes, header.title) &&
                     get_string(bytes, header.source) && get_string(bytes, header.metadata_json) &&
                     get_chunks(bytes, header.text_bytes, header.chunks) && bytes.empty();
  if (!whole) return damaged();
  return header;
}

Result<StoredDocument> join(std::string id, HeaderRecord header, std::string text) {
  if (text.size() != header.text_bytes) {
    return fail(Errc::internal, "the stored text of a document does not fit its header record");
  }
  StoredDocument stored;
  stored.document = Document{std::move(id), std::move(text), std::move(header.title), std::move(header.source),
                             std::move(header.metadata_json)};
  stored.chunks = std::move(header.chunks);
  return stored;
}

}  // namespace ragd::store
