#include "store/document_changes.hpp"

#include "store/document_keys.hpp"
#include "store/record.hpp"
#include "store/record_bytes.hpp"
#include "store/rocks.hpp"

#include <optional>

namespace ragd::store {

namespace {

/// All passages of the document as it is stored now, from an ordinal on.
Result<void> remove_passages(rocksdb::DB& database, std::string_view tenant, std::string_view id, std::size_t from,
                             Change& change) {
  rocksdb::PinnableSlice bytes;
  const Result<Lookup> lookup = look_up(database, key_of(tenant, Kind::header, id), {}, bytes);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::absent) return {};
  const Result<HeaderRecord> header = decode_header(bytes_in(bytes));
  if (!header) return header.error();
  for (std::size_t ordinal = from; ordinal < header->chunks; ++ordinal) {
    change[passage_key(tenant, id, static_cast<std::uint32_t>(ordinal))] = std::nullopt;
  }
  return {};
}

Result<void> erase(rocksdb::DB& database, std::string_view tenant, std::string_view id, Change& change) {
  change[key_of(tenant, Kind::header, id)] = std::nullopt;
  return remove_passages(database, tenant, id, 0, change);
}

Result<void> put(rocksdb::DB& database, std::string_view tenant, const StoredDocument& stored, Change& change) {
  if (!is_well_cut(stored)) return fail(Errc::internal, "the chunks of a document overlap or leave its text");
  const std::string& id = stored.document.id;
  change[key_of(tenant, Kind::header, id)] = encode_header(stored);
  for (std::uint32_t ordinal = 0; ordinal < stored.chunks.size(); ++ordinal) {
    change[passage_key(tenant, id, ordinal)] = encode_passage(stored, ordinal);
  }
  return remove_passages(database, tenant, id, stored.chunks.size(), change);
}

Result<void> change_documents(rocksdb::DB& database, const Write& write, Change& change) {
  const std::string& tenant = write.tenant();
  for (const std::string& id : write.erased()) {
    if (Result<void> erased = erase(database, tenant, id, change); !erased) return erased;
  }
  for (const StoredDocument* stored : write.documents()) {
    if (Result<void> planned = put(database, tenant, *stored, change); !planned) return planned;
  }
  const Result<std::uint64_t> current = counter_of(database, tenant);
  if (!current) return current.error();
  change[key_of(tenant, Kind::version)] = counter_bytes(*current + 1);
  return {};
}

}  // namespace

std::string counter_bytes(std::uint64_t value) {
  std::string bytes;
  put_varint(bytes, value);
  return bytes;
}

Result<std::uint64_t> parse_counter(std::string_view bytes) {
  std::uint64_t value = 0;
  if (!get_varint(bytes, value) || !bytes.empty()) return fail(Errc::internal, "a stored number is damaged");
  return value;
}

Result<std::uint64_t> counter_of(rocksdb::DB& database, std::string_view tenant) {
  const Result<std::optional<std::string>> stored = look_up(database, key_of(tenant, Kind::version));
  if (!stored) return stored.error();
  if (!*stored) return std::uint64_t{0};
  return parse_counter(**stored);
}

Result<Difference> difference_of(rocksdb::DB& database, std::string_view tenant, const StoredDocument& given) {
  rocksdb::PinnableSlice header;
  const Result<Lookup> lookup = look_up(database, key_of(tenant, Kind::header, given.document.id), {}, header);
  if (!lookup) return lookup.error();
  if (*lookup == Lookup::absent) return Difference::added;
  const Result<ContentHash> there = decode_hash(bytes_in(header));
  if (!there) return there.error();
  return *there == content_hash(given) ? Difference::none : Difference::replaced;
}

Result<Change> changes_of(rocksdb::DB& database, const Write& write) {
  Change change;
  for (const std::string& name : write.erased_index()) change[key_of(write.tenant(), Kind::index, name)] = std::nullopt;
  for (const auto& [name, value] : write.index()) change[key_of(write.tenant(), Kind::index, name)] = value;
  if (write.bumps_version()) {
    if (const Result<void> planned = change_documents(database, write, change); !planned) return planned.error();
  }
  return change;
}

}  // namespace ragd::store
