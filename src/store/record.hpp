// The stored form of a document: a header record (everything but the text, with a content hash) and the text itself,
// so that lists and the idempotence check never read texts.
//
// Stateless, thread-safe. Decoding trusts nothing: every length is checked against the bytes that are left, and
// garbage is an Error (Errc::internal), never undefined behaviour and never an allocation larger than the input.
#pragma once

#include "store/document_store.hpp"

#include <ragd/error.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::store {

using ContentHash = std::array<std::uint64_t, 2>;

struct HeaderRecord {
  ContentHash hash{};
  std::uint64_t text_bytes = 0;
  std::string title;
  std::string source;
  std::string metadata_json;
  std::vector<ChunkSpan> chunks;
};

/// Layout: format byte, hash (16 bytes), text length, title, source, metadata, chunk count, {start, length, heading}...
/// Integers are LEB128 varints, strings are length-prefixed. The hash covers id, text and all other fields.
[[nodiscard]] std::string encode_header(const StoredDocument& stored);

[[nodiscard]] Result<HeaderRecord> decode_header(std::string_view bytes);

/// The content hash alone: what a put needs to know of a document already there.
[[nodiscard]] Result<ContentHash> decode_hash(std::string_view bytes);

/// Puts the two records together again; fails when they do not belong to each other.
[[nodiscard]] Result<StoredDocument> join(std::string id, HeaderRecord header, std::string text);

void put_varint(std::string& out, std::uint64_t value);

/// Reads from the front of `bytes` and shortens it; false when it does not hold one.
[[nodiscard]] bool get_varint(std::string_view& bytes, std::uint64_t& value);

}  // namespace ragd::store
