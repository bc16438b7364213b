// The stored form of a document: a header record (everything about the whole, with a content hash) and one passage
// record for each chunk, so that lists and the idempotence check read no texts and a passage costs two short reads.
//
// Stateless, thread-safe. Decoding trusts nothing: every length is checked against the bytes that are left, and
// garbage is an Error (Errc::internal), never undefined behaviour and never an allocation larger than the input.
#pragma once

#include "store/stored_document.hpp"

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
  std::uint32_t chunks = 0;
  std::string unchunked;  ///< the text, where there is no chunk to hold it
};

/// Views into the record's bytes.
struct PassageRecord {
  std::uint64_t start = 0;  ///< of the chunk, in the document's text
  std::string_view heading;
  std::string_view gap;   ///< what lies between the chunk before and this one
  std::string_view text;  ///< the chunk
  std::string_view rest;  ///< what follows the last chunk; empty in all others
};

/// Are the chunks in order, inside the text, and few enough? Only then may the document be encoded.
[[nodiscard]] bool is_well_cut(const StoredDocument& stored);

/// Covers id, text, chunks and all other fields. The same in formats 1 and 2.
[[nodiscard]] ContentHash content_hash(const StoredDocument& stored);

/// Layout: format byte, hash (16 bytes), text length, title, source, metadata, chunk count, and where that is 0 the
/// text. Integers are LEB128 varints, strings are length-prefixed.
[[nodiscard]] std::string encode_header(const StoredDocument& stored);
[[nodiscard]] Result<HeaderRecord> decode_header(std::string_view bytes);

/// The content hash alone: what a comparison needs to know of a document already there.
[[nodiscard]] Result<ContentHash> decode_hash(std::string_view bytes);

/// Layout: start, heading, gap, text, rest.
[[nodiscard]] std::string encode_passage(const StoredDocument& stored, std::uint32_t ordinal);
[[nodiscard]] Result<PassageRecord> decode_passage(std::string_view bytes);

/// Puts the records together again; fails when they do not belong to each other.
class Assembly {
 public:
  Assembly(std::string id, HeaderRecord header);

  /// How many passages it takes.
  [[nodiscard]] std::uint32_t chunks() const { return chunks_; }

  /// The next one in order.
  Result<void> append(const PassageRecord& passage);

  /// Once all of them are there.
  Result<StoredDocument> finish() &&;

 private:
  StoredDocument stored_;
  std::uint64_t text_bytes_;
  std::uint32_t chunks_;
};

}  // namespace ragd::store
