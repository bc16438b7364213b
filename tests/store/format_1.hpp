// A document store as format 1 left it, written key by key.
#pragma once

#include "store/document_keys.hpp"
#include "store/record.hpp"
#include "store/record_bytes.hpp"
#include "store/rocks.hpp"
#include "store/stored_document.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace ragd::store {

class FormatOneStore {
 public:
  static constexpr const char* kUuid = "0f5ee6d2-7a4c-4d2e-9a55-6d0b0a1c2e3f";

  explicit FormatOneStore(const std::string& directory) {
    Result<std::unique_ptr<rocksdb::DB>> database = open_database(bounded_options(), directory);
    if (!database) throw std::runtime_error(database.error().detail);
    database_ = *std::move(database);
    put_raw(kFormatKey, std::string(1, '\1'));
    put_raw(kUuidKey, kUuid);
  }

  void put(const std::string& tenant, const StoredDocument& stored) {
    put_raw(key_of(tenant, Kind::header, stored.document.id), header_of(stored));
    put_raw(key_of(tenant, Kind::text, stored.document.id), stored.document.text);
  }

  /// As a migration that was cut off leaves it.
  void put_rewritten(const std::string& tenant, const StoredDocument& stored) {
    put_raw(key_of(tenant, Kind::header, stored.document.id), encode_header(stored));
    for (std::uint32_t ordinal = 0; ordinal < stored.chunks.size(); ++ordinal) {
      put_raw(passage_key(tenant, stored.document.id, ordinal), encode_passage(stored, ordinal));
    }
  }

  void set_version(const std::string& tenant, char counter) {
    put_raw(key_of(tenant, Kind::version), std::string(1, counter));
  }

  void put_raw(std::string_view key, std::string_view value) {
    if (!database_->Put({}, key, value).ok()) throw std::runtime_error("put_raw failed");
  }

  /// Format byte, hash, text length, title, source, metadata, chunk count, {start, length, heading}...
  static std::string header_of(const StoredDocument& stored) {
    const Document& document = stored.document;
    std::string record(1, '\1');
    for (const std::uint64_t half : content_hash(stored)) put_fixed64(record, half);
    put_varint(record, document.text.size());
    put_string(record, document.title);
    put_string(record, document.source);
    put_string(record, document.metadata_json);
    put_varint(record, stored.chunks.size());
    for (const ChunkSpan& chunk : stored.chunks) {
      put_varint(record, chunk.start);
      put_varint(record, chunk.end - chunk.start);
      put_string(record, chunk.heading);
    }
    return record;
  }

 private:
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace ragd::store
