#include "store/snapshot_restore.hpp"

#include "store/cache_directory.hpp"
#include "store/checkpoint.hpp"
#include "store/document_store.hpp"
#include "store/durable_files.hpp"

#include <rocksdb/env.h>

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace ragd::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamedFaults = 20;

/// Keeps other restores away. Goes with the process, however it ends.
class RestoreLock {
 public:
  explicit RestoreLock(const std::string& data_dir)
      : fd_(::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        held_(fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) {}
  ~RestoreLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  RestoreLock(const RestoreLock&) = delete;
  RestoreLock& operator=(const RestoreLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  const int fd_;
  const bool held_;
};

/// Keeps a server away, as another server would.
class StoreLock {
 public:
  explicit StoreLock(const std::string& directory) {
    held_ = rocksdb::Env::Default()->LockFile(directory + "/LOCK", &lock_).ok();
  }
  ~StoreLock() {
    if (held_) rocksdb::Env::Default()->UnlockFile(lock_);
  }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  rocksdb::FileLock* lock_ = nullptr;
  bool held_ = false;
};

/// What is wrong with a snapshot's files, in one line.
class Faults {
 public:
  void add(const std::string& name, const std::string& what) {
    if (++count_ > kNamedFaults) return;
    text_ += (text_.empty() ? "" : "; ") + name + " " + what;
  }
  [[nodiscard]] Result<void> verdict(const std::string& snapshot) const {
    if (count_ == 0) return {};
    const std::string more = count_ > kNamedFaults ? "; and " + std::to_string(count_ - kNamedFaults) + " more" : "";
    return fail(Errc::internal, "snapshot " + snapshot + " is damaged: " + text_ + more);
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

std::string in_documents(const std::string& name) {
  return std::string(kSnapshotDocuments) + "/" + name;
}

/// Every file below the directory, by its name from there.
Result<std::map<std::string, fs::file_status>> files_below(const std::string& directory) {
  std::map<std::string, fs::file_status> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const fs::file_status status = at->symlink_status(error);
    if (!fs::is_directory(status)) files.emplace(at->path().lexically_relative(directory).string(), status);
  }
  if (error) return file_error("reading snapshot " + directory, error);
  return files;
}

/// Names and sizes: what shows without reading the files.
Result<void> check_files(const std::string& snapshot, const SnapshotManifest& manifest) {
  Result<std::map<std::string, fs::file_status>> found = files_below(snapshot);
  if (!found) return found.error();
  Faults faults;
  found->erase(std::string(kManifestFile));
  for (const SnapshotFile& file : manifest.files) {
    const std::string name = in_documents(file.name);
    const auto entry = found->find(name);
    if (entry == found->end()) {
      faults.add(name, "is missing");
      continue;
    }
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(fs::path(snapshot) / name, error);
    if (!fs::is_regular_file(entry->second) || error) {
      faults.add(name, "is no regular file");
    } else if (bytes != file.bytes) {
      faults.add(name, "has " + std::to_string(bytes) + " bytes, not " + std::to_string(file.bytes));
    }
    found->erase(entry);
  }
  for (const auto& [name, status] : *found) faults.add(name, "is not in its snapshot.json");
  return faults.verdict(snapshot);
}

/// Checks what cannot be seen without reading on the way.
Result<void> copy_files(const std::string& snapshot, const SnapshotManifest& manifest, const std::string& to) {
  std::error_code error;
  fs::create_directory(to, error);
  if (error) return file_error("making " + to, error);
  Faults faults;
  for (const SnapshotFile& file : manifest.files) {
    const std::string name = in_documents(file.name);
    const Result<FileSum> copied = copy_file((fs::path(snapshot) / name).string(), (fs::path(to) / file.name).string());
    if (!copied) return copied.error();
    if (copied->sha256 != file.sha256) faults.add(name, "is changed");
  }
  return faults.verdict(snapshot);
}

bool is_occupied(const std::string& directory) {
  std::error_code error;
  return fs::exists(fs::symlink_status(directory, error)) && !fs::is_empty(directory, error);
}

/// The data directory as the restore finds it.
Result<void> check_target(const RestoreRequest& request, const std::string& documents) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(documents, error))) {
    return fail(Errc::conflict, documents + " is a link: restore into a data directory without one");
  }
  if (!is_occupied(documents) || request.replace) return {};
  return fail(Errc::conflict, "data directory " + request.data_dir +
                                  " holds documents already: --replace puts the snapshot in their place");
}

/// One step, whatever was there.
Result<void> put_in_place(const std::string& fresh, const std::string& documents, const std::string& data_dir) {
  if (is_occupied(documents)) {
    Result<void> exchanged = exchange_directories(fresh, documents);
    if (!exchanged && exchanged.error().code == Errc::not_implemented) {
      return fail(Errc::conflict,
                  exchanged.error().detail + ": move " + documents + " away and restore without --replace");
    }
    if (!exchanged) return exchanged;
  } else if (Result<void> moved = move_directory(fresh, documents); !moved) {
    return moved;
  }
  return sync_directory(data_dir);
}

void drop_cache(const std::string& directory) {
  const CacheDirectory cache = inspect_cache_directory(directory);
  if (cache == CacheDirectory::current || cache == CacheDirectory::other_format) wipe_cache_directory(directory);
}

Result<void> build(const RestoreRequest& request, const SnapshotManifest& manifest, const std::string& fresh) {
  Result<void> built = copy_files(request.snapshot, manifest, fresh);
  if (built) built = DocumentStore::renew_identity(fresh);
  if (built) built = sync_file_system_of(fresh);
  return built;
}

}  // namespace

Result<SnapshotManifest> restore_snapshot(const RestoreRequest& request) {
  Result<SnapshotManifest> manifest = read_manifest(request.snapshot);
  if (!manifest) return manifest;
  if (Result<void> whole = check_files(request.snapshot, *manifest); !whole) return whole.error();

  std::error_code error;
  fs::create_directories(request.data_dir, error);
  if (error) return file_error("making data directory " + request.data_dir, error);
  const std::string documents = request.data_dir + "/documents";
  if (Result<void> target = check_target(request, documents); !target) return target.error();
  const RestoreLock alone(request.data_dir);
  if (!alone.held()) return fail(Errc::conflict, "data directory " + request.data_dir + " is being restored already");
  const bool occupied = is_occupied(documents);
  const std::unique_ptr<StoreLock> lock = occupied ? std::make_unique<StoreLock>(documents) : nullptr;
  if (lock && !lock->held()) {
    return fail(Errc::conflict, "data directory " + request.data_dir + " is in use by another process");
  }

  const std::string fresh = beside(documents, kRestoring);
  fs::remove_all(fresh, error);
  Result<void> restored = build(request, *manifest, fresh);
  if (restored) restored = put_in_place(fresh, documents, request.data_dir);
  if (restored) drop_cache(request.data_dir + "/cache");
  fs::remove_all(fresh, error);  // what was replaced, or what failed
  if (!restored) return restored.error();
  return manifest;
}

}  // namespace ragd::store
