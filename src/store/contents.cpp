#include "store/contents.hpp"

#include "store/document_keys.hpp"
#include "store/rocks.hpp"

#include <memory>

namespace ragd::store {

Result<std::uint64_t> count_documents(rocksdb::DB& database, const rocksdb::Snapshot* snapshot,
                                      const std::string& tenant) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.fill_cache = false;
  const std::string prefix = key_of(tenant, Kind::header);
  const std::unique_ptr<rocksdb::Iterator> entry(database.NewIterator(options));
  std::uint64_t documents = 0;
  for (entry->Seek(prefix); entry->Valid() && bytes_in(entry->key()).starts_with(prefix); entry->Next()) ++documents;
  if (!entry->status().ok()) return to_error(entry->status(), "counting documents");
  return documents;
}

}  // namespace ragd::store
