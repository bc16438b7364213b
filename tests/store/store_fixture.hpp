// A directory of its own for every test of a store, and documents to put into it.
#pragma once

#include "fakes/temporary_folder.hpp"
#include "store/document_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::store {

inline StoredDocument document(const std::string& id, const std::string& text) {
  StoredDocument stored;
  stored.document.id = id;
  stored.document.text = text;
  stored.document.title = "Title of " + id;
  stored.document.source = "file:" + id;
  stored.document.metadata_json = R"({"lang":"en"})";
  stored.chunks = {{0, text.size(), "Guide"}};
  return stored;
}

/// What the corpus's writer tells its caller.
struct Receipt {
  std::vector<bool> changed;  ///< per document of the batch
  std::string version;        ///< after the write
};

/// As the corpus's writer does it: what is there already is left alone.
inline Result<Receipt> put(DocumentStore& store, const std::string& tenant, const std::vector<StoredDocument>& batch) {
  const Result<std::vector<Difference>> differences = store.compare(tenant, batch);
  if (!differences) return differences.error();
  Receipt receipt;
  Write write(tenant);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    receipt.changed.push_back((*differences)[i] != Difference::none);
    if (receipt.changed.back()) write.put(batch[i]);
  }
  if (Result<void> committed = store.commit(write); !committed) return committed.error();
  Result<std::string> version = store.version(tenant);
  if (!version) return version.error();
  receipt.version = *std::move(version);
  return receipt;
}

inline Result<std::string> erase(DocumentStore& store, const std::string& tenant, const std::string& id) {
  const Result<bool> there = store.view()->holds(tenant, id);
  if (!there) return there.error();
  if (!*there) return fail(Errc::not_found, "no such document");
  Write write(tenant);
  write.erase(id);
  if (Result<void> committed = store.commit(write); !committed) return committed.error();
  return store.version(tenant);
}

/// One index record.
inline Result<void> put_index(DocumentStore& store, const std::string& tenant, const std::string& name,
                              std::string value) {
  Write write(tenant);
  write.put_index(name, std::move(value));
  return store.commit(write);
}

/// Of the names that begin with the prefix.
inline Result<std::map<std::string, std::string>> index_of(const View& view, const std::string& tenant,
                                                           std::string_view prefix = {}) {
  std::map<std::string, std::string> records;
  const Result<void> read = view.for_each_index(tenant, prefix, [&](std::string_view name, std::string_view value) {
    records.emplace(name, value);
    return Result<void>();
  });
  if (!read) return read.error();
  return records;
}

/// Bytes that no compression makes small.
inline std::string noise(std::size_t size, std::mt19937::result_type seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// The files of a store with this extension, by name.
inline std::vector<std::filesystem::path> files_of(const std::string& directory, const std::string& extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<DocumentStore> open() { return open(directory()); }
  static std::unique_ptr<DocumentStore> open(const std::string& where) {
    auto store = DocumentStore::open(where);
    if (!store) {
      ADD_FAILURE() << store.error().detail;
      return nullptr;
    }
    return *std::move(store);
  }
  static std::string why_refused(const std::string& where) {
    const auto store = DocumentStore::open(where);
    return store ? "" : store.error().detail;
  }
  [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_.path(); }
  [[nodiscard]] std::string directory() const { return temporary_ / "documents"; }
  [[nodiscard]] std::string other() const { return temporary_ / "documents-copy"; }
  /// What a crash at this moment would leave behind.
  [[nodiscard]] std::string crash_copy() const {
    fakes::copy_folder(directory(), other());
    return other();
  }

 private:
  fakes::TemporaryFolder temporary_;
};

}  // namespace ragd::store
