// What the tests of the cache store share: opening one, and reading and writing as its callers do.
#pragma once

#include "store/cache_store.hpp"

#include "fakes/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ragd::store {

namespace fs = std::filesystem;

/// A store and what it reported.
struct Opened {
  std::unique_ptr<CacheStore> store;
  std::shared_ptr<std::atomic<std::uint64_t>> evicted = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<std::vector<std::string>> recreated = std::make_shared<std::vector<std::string>>();
};

inline Opened open(const std::string& directory, std::uint64_t max_bytes = 64ULL << 20) {
  Opened opened;
  CacheStoreOptions options;
  options.directory = directory;
  options.max_bytes = max_bytes;
  options.on_evicted = [evicted = opened.evicted](std::uint64_t entries) { evicted->fetch_add(entries); };
  options.on_recreated = [recreated = opened.recreated](const std::string& why) { recreated->push_back(why); };
  auto store = CacheStore::open(std::move(options));
  if (store) {
    opened.store = std::move(*store);
  } else {
    ADD_FAILURE() << store.error().detail;
  }
  return opened;
}

inline std::optional<std::string> read(CacheStore& store, const std::string& key) {
  auto got = store.get(key);
  EXPECT_TRUE(got) << got.error().detail;
  return got ? *got : std::nullopt;
}

/// Writes are refused while all memtables wait to be flushed, which happens to whoever writes without a pause.
inline Result<void> patiently(const std::function<Result<void>()>& write) {
  Result<void> written = write();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!written && written.error().code == Errc::unavailable && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    written = write();
  }
  return written;
}

inline Result<void> put_patiently(CacheStore& store, const std::string& key, const std::string& value) {
  return patiently([&] { return store.put(key, value); });
}

/// What the end of the process at this moment would leave behind.
inline std::string crash_copy(const std::string& directory) {
  fakes::copy_folder(directory, directory + "-copy");
  return directory + "-copy";
}

/// Bytes LZ4 can't shrink.
inline std::string noise(std::size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

inline std::uint64_t bytes_in(const std::string& directory, const std::set<std::string>& extensions) {
  std::uint64_t total = 0;
  for (const auto& file : fs::directory_iterator(directory)) {
    std::error_code gone;
    const std::uint64_t size = file.file_size(gone);
    if (!gone && extensions.contains(file.path().extension().string())) total += size;
  }
  return total;
}

inline std::vector<fs::path> files_in(const std::string& directory, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory)) {
    if (file.path().extension() == extension) files.push_back(file.path());
  }
  return files;
}

inline void scribble_over(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<std::streamoff>(fs::file_size(path));
  for (std::streamoff at = 0; at < size; at += 7) {
    file.seekp(at);
    file.put('\x5A');
  }
}

}  // namespace ragd::store
