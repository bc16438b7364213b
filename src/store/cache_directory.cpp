#include "store/cache_directory.hpp"

#include <rocksdb/env.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace ragd::store {

namespace {

namespace fs = std::filesystem;

/// What this build writes into <directory>/FORMAT and accepts there; every format's mark begins with kMark.
constexpr std::string_view kFormat = "ragd-cache 1\n";
constexpr std::string_view kMark = "ragd-cache ";
constexpr std::string_view kFormatFile = "FORMAT";

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_cache_file_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{kFormatFile, "CURRENT", "IDENTITY", "LOCK", "LOG", "LOG.old"};
  constexpr std::array<std::string_view, 3> kPrefixes{"MANIFEST-", "OPTIONS-", "LOG.old."};
  constexpr std::array<std::string_view, 5> kSuffixes{".sst", ".log", ".blob", ".dbtmp", ".trash"};
  if (std::ranges::find(kNames, name) != kNames.end()) return true;
  for (const std::string_view suffix : {std::string_view(".trash"), std::string_view(".dbtmp")}) {
    if (name.ends_with(suffix) && is_cache_file_name(name.substr(0, name.size() - suffix.size()))) return true;
  }
  for (const std::string_view prefix : kPrefixes) {
    if (name.starts_with(prefix) && is_number(name.substr(prefix.size()))) return true;
  }
  return std::ranges::any_of(kSuffixes, [name](std::string_view suffix) {
    return name.ends_with(suffix) && is_number(name.substr(0, name.size() - suffix.size()));
  });
}

/// The names in the directory; `error` when they cannot be listed.
std::vector<std::string> names_in(const fs::path& directory, std::error_code& error) {
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

}  // namespace

CacheDirectory inspect_cache_directory(const std::string& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) {
    // A link whose target is missing is somebody's, too.
    return fs::exists(fs::symlink_status(directory, error)) ? CacheDirectory::foreign : CacheDirectory::fresh;
  }
  if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown) {
    return CacheDirectory::unreadable;
  }
  if (!fs::is_directory(status)) return CacheDirectory::foreign;
  const std::vector<std::string> names = names_in(directory, error);
  if (error) return CacheDirectory::unreadable;
  if (names.empty()) return CacheDirectory::fresh;
  if (std::ranges::find(names, kFormatFile) != names.end()) {
    std::ifstream file(fs::path(directory) / kFormatFile, std::ios::binary);
    if (!file) return CacheDirectory::unreadable;
    std::string text(kFormat.size() + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text == kFormat) return CacheDirectory::current;
    if (text.starts_with(kMark)) return CacheDirectory::other_format;
  }
  return std::ranges::all_of(names, is_cache_file_name) ? CacheDirectory::other_format : CacheDirectory::foreign;
}

bool mark_cache_directory(const std::string& directory) {
  if (inspect_cache_directory(directory) == CacheDirectory::current) return true;
  std::ofstream file(fs::path(directory) / kFormatFile, std::ios::binary | std::ios::trunc);
  file << kFormat;
  file.close();
  return !file.fail();
}

std::error_code wipe_cache_directory(const std::string& directory) {
  std::error_code ignored;
  fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
  std::error_code first;
  for (const std::string& name : names_in(directory, first)) {
    // The mark goes last, by being written over: a wipe that is broken off leaves a directory that is still ours.
    if (!is_cache_file_name(name) || name == kFormatFile) continue;
    std::error_code error;
    fs::remove(fs::path(directory) / name, error);
    if (!first) first = error;
  }
  return first;
}

// Asks through RocksDB's own lock table: POSIX locks alone would not see a second store in this process, and closing a
// descriptor of the lock file here would release that store's lock.
bool is_held_elsewhere(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  rocksdb::Env* env = rocksdb::Env::Default();
  if (!env->FileExists(path).ok()) return false;
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = env->LockFile(path, &lock);
  if (status.ok()) {
    env->UnlockFile(lock);
    return false;
  }
  const bool could_not_open = status.ToString().find("while open a file for lock") != std::string::npos;
  return !could_not_open;
}

}  // namespace ragd::store
