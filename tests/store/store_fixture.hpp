// A directory of its own for every test of a store, and documents to put into it.
#pragma once

#include "fakes/temporary_folder.hpp"
#include "store/document_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
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
