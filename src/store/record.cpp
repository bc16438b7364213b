#include "store/record.hpp"

#include "base/hash.hpp"
#include "store/record_bytes.hpp"

#include <limits>
#include <utility>

namespace ragd::store {

namespace {

constexpr char kHeaderFormat = 2;
constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kMaxChunks = std::numeric_limits<std::uint32_t>::max();

void put_fields(std::string& out, const Document& document) {
  put_varint(out, document.text.size());
  put_string(out, document.title);
  put_string(out, document.source);
  put_string(out, document.metadata_json);
}

bool get_chunk_count(std::string_view& bytes, std::uint32_t& count) {
  std::uint64_t value = 0;
  if (!get_varint(bytes, value) || value > kMaxChunks) return false;
  count = static_cast<std::uint32_t>(value);
  return true;
}

Error damaged(std::string_view what) {
  return fail(Errc::internal, "a stored document's " + std::string(what) + " is damaged");
}

Error do_not_belong_together() {
  return fail(Errc::internal, "the stored passages of a document do not fit its header record");
}

}  // namespace

bool is_well_cut(const StoredDocument& stored) {
  std::uint64_t end = 0;
  for (const ChunkSpan& chunk : stored.chunks) {
    if (chunk.start < end || chunk.end < chunk.start) return false;
    end = chunk.end;
  }
  return end <= stored.document.text.size() && stored.chunks.size() <= kMaxChunks;
}

ContentHash content_hash(const StoredDocument& stored) {
  std::string fields;
  put_fields(fields, stored.document);
  put_varint(fields, stored.chunks.size());
  for (const ChunkSpan& chunk : stored.chunks) {
    put_varint(fields, chunk.start);
    put_varint(fields, chunk.end - chunk.start);
    put_string(fields, chunk.heading);
  }
  std::string hashed;
  put_string(hashed, stored.document.id);
  put_string(hashed, fields);
  hashed += stored.document.text;
  return base::hash128(hashed);
}

std::string encode_header(const StoredDocument& stored) {
  const ContentHash hash = content_hash(stored);
  std::string record(1, kHeaderFormat);
  put_fixed64(record, hash[0]);
  put_fixed64(record, hash[1]);
  put_fields(record, stored.document);
  put_varint(record, stored.chunks.size());
  if (stored.chunks.empty()) put_string(record, stored.document.text);
  return record;
}

Result<ContentHash> decode_hash(std::string_view bytes) {
  if (bytes.size() < 1 + kHashBytes || bytes.front() != kHeaderFormat) return damaged("header record");
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
                     get_chunk_count(bytes, header.chunks) &&
                     (header.chunks > 0 || get_string(bytes, header.unchunked)) && bytes.empty();
  if (!whole) return damaged("header record");
  return header;
}

std::string encode_passage(const StoredDocument& stored, std::uint32_t ordinal) {
  const std::string_view text = stored.document.text;
  const ChunkSpan& chunk = stored.chunks[ordinal];
  const std::uint64_t gap = ordinal == 0 ? 0 : stored.chunks[ordinal - 1].end;
  std::string record;
  put_varint(record, chunk.start);
  put_string(record, chunk.heading);
  put_string(record, text.substr(gap, chunk.start - gap));
  put_string(record, text.substr(chunk.start, chunk.end - chunk.start));
  put_string(record, ordinal + 1 == stored.chunks.size() ? text.substr(chunk.end) : std::string_view());
  return record;
}

Result<PassageRecord> decode_passage(std::string_view bytes) {
  PassageRecord passage;
  const bool whole = get_varint(bytes, passage.start) && get_string(bytes, passage.heading) &&
                     get_string(bytes, passage.gap) && get_string(bytes, passage.text) &&
                     get_string(bytes, passage.rest) && bytes.empty();
  const bool possible = passage.start >= passage.gap.size() &&
                        passage.text.size() <= std::numeric_limits<std::uint64_t>::max() - passage.start;
  if (!whole || !possible) return damaged("passage record");
  return passage;
}

Assembly::Assembly(std::string id, HeaderRecord header) : text_bytes_(header.text_bytes), chunks_(header.chunks) {
  stored_.document = Document{std::move(id), std::move(header.unchunked), std::move(header.title),
                              std::move(header.source), std::move(header.metadata_json)};
}

Result<void> Assembly::append(const PassageRecord& passage) {
  std::string& text = stored_.document.text;
  if (stored_.chunks.size() == chunks_ || passage.start != text.size() + passage.gap.size()) {
    return do_not_belong_together();
  }
  text += passage.gap;
  text += passage.text;
  stored_.chunks.push_back({passage.start, text.size(), std::string(passage.heading)});
  text += passage.rest;
  return {};
}

Result<StoredDocument> Assembly::finish() && {
  if (stored_.chunks.size() != chunks_ || stored_.document.text.size() != text_bytes_) return do_not_belong_together();
  return std::move(stored_);
}

}  // namespace ragd::store
