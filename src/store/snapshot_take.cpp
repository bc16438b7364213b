#include "store/snapshot_take.hpp"

#include "base/ascii.hpp"
#include "store/durable_files.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace ragd::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::string_view kUnfinished = ".unfinished";

/// "2026-01-02T03:04:05Z"
std::string utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Of a snapshot that a kill cut off. Nobody else makes one here now.
void remove_unfinished(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with('.') && name.ends_with(kUnfinished)) left.push_back(at->path());
  }
  for (const fs::path& path : left) fs::remove_all(path, error);
}

/// "20260102T030405Z-1", or the first number that is free.
std::string free_name(const SnapshotRequest& request) {
  std::string time = utc(request.now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  for (std::size_t number = 1;; ++number) {
    std::string name = time + "-" + std::to_string(number);
    if (!exists(request.folder + "/" + name)) return name;
  }
}

Result<std::string> name_for(const SnapshotRequest& request) {
  if (request.name.empty()) return free_name(request);
  if (!is_snapshot_name(request.name)) {
    constexpr const char* kRule = "a snapshot's name is 1 to 64 of A-Z a-z 0-9 . _ - and does not begin with a dot";
    return fail(Errc::unprocessable, kRule, kRule);
  }
  if (exists(request.folder + "/" + request.name)) {
    return fail(Errc::conflict, "snapshot " + request.folder + "/" + request.name + " is there already",
                "there is a snapshot of this name already");
  }
  return request.name;
}

Result<std::vector<SnapshotFile>> sums_of(const std::string& directory, const std::stop_token& stop) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) return file_error("reading " + directory, error);
  std::sort(names.begin(), names.end());
  std::vector<SnapshotFile> files;
  for (std::string& name : names) {
    Result<FileSum> sum = sum_of((fs::path(directory) / name).string(), stop);
    if (!sum) return sum.error();
    files.push_back({std::move(name), sum->bytes, std::move(sum->sha256)});
  }
  return files;
}

/// All of it, in a directory that is there and empty.
Result<SnapshotManifest> fill(DocumentStore& store, const SnapshotRequest& request, const std::string& directory) {
  const std::string documents = directory + "/" + std::string(kSnapshotDocuments);
  SnapshotManifest manifest;
  manifest.created = utc(request.now);
  Result<std::vector<CorpusState>> corpora = store.checkpoint(documents);
  if (!corpora) return corpora.error();
  manifest.corpora = *std::move(corpora);
  Result<std::vector<SnapshotFile>> files = sums_of(documents, request.stop);
  if (!files) return files.error();
  manifest.files = *std::move(files);
  Result<void> written = write_file(directory + "/" + std::string(kManifestFile), manifest_json(manifest));
  if (written) written = sync_file_system_of(directory);
  if (!written) return written.error();
  return manifest;
}

Result<void> rename_durably(const std::string& from, const std::string& to, const std::string& folder) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return file_error("renaming " + from, error);
  return sync_directory(folder);
}

}  // namespace

std::string Snapshot::version_of(std::string_view tenant) const {
  for (const CorpusState& corpus : manifest.corpora) {
    if (corpus.tenant == tenant) return corpus.version;
  }
  return {};
}

bool is_snapshot_name(std::string_view name) {
  return base::is_plain_name(name, kMaxNameBytes) && !name.starts_with('.');
}

std::string snapshot_folder(const std::string& data_dir) {
  return data_dir + "/snapshots";
}

Result<Snapshot> take_snapshot(DocumentStore& store, const SnapshotRequest& request) {
  std::error_code error;
  fs::create_directories(request.folder, error);
  if (error) return file_error("making " + request.folder, error);
  remove_unfinished(request.folder);
  Result<std::string> name = name_for(request);
  if (!name) return name.error();
  const std::string unfinished = request.folder + "/." + *name + std::string(kUnfinished);
  fs::create_directory(unfinished, error);
  if (error) return file_error("making " + unfinished, error);
  Result<SnapshotManifest> manifest = fill(store, request, unfinished);
  if (manifest) {
    const Result<void> renamed = rename_durably(unfinished, request.folder + "/" + *name, request.folder);
    if (!renamed) manifest = renamed.error();
  }
  if (!manifest) {
    fs::remove_all(unfinished, error);
    return manifest.error();
  }
  return Snapshot{*std::move(name), *std::move(manifest)};
}

}  // namespace ragd::store
