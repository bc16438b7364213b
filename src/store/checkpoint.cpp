#include "store/checkpoint.hpp"

#include "store/rocks.hpp"

#include <rocksdb/utilities/checkpoint.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>

namespace ragd::store {

namespace {

/// The log is copied as it is. Flushing instead would leave an empty memtable, and with it no log worth copying.
constexpr std::uint64_t kNeverFlush = std::numeric_limits<std::uint64_t>::max();

Error cannot(const std::string& doing, const std::error_code& why) {
  const Errc code = why == std::errc::no_space_on_device ? Errc::storage_full : Errc::unavailable;
  return fail(code, doing + ": " + why.message());
}

/// One call for all files: a copy is made of hundreds.
std::error_code sync_file_system_of(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {errno, std::generic_category()};
  const int failed = ::syncfs(fd);
  const std::error_code error(failed != 0 ? errno : 0, std::generic_category());
  ::close(fd);
  return error;
}

std::error_code copy_and_remove(const std::string& from, const std::string& to) {
  const std::string unfinished = beside(to, ".unfinished");
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  if (!error) std::filesystem::copy(from, unfinished, std::filesystem::copy_options::recursive, error);
  if (!error) error = sync_file_system_of(unfinished);
  if (!error) std::filesystem::rename(unfinished, to, error);
  std::error_code ignored;
  std::filesystem::remove_all(error ? unfinished : from, ignored);
  return error;
}

}  // namespace

std::string beside(std::string_view directory, std::string_view suffix) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  return std::string(directory) + std::string(suffix);
}

Result<void> make_checkpoint(rocksdb::DB& database, SyncedWriter& writer, const std::string& directory) {
  if (Result<void> logged = writer.commit_nothing(); !logged) return logged;
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&database, &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory, kNeverFlush);
  if (!status.ok()) return to_error(status, "copying " + database.GetName() + " to " + directory);
  return {};
}

Result<void> move_directory(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error == std::errc::cross_device_link) error = copy_and_remove(from, to);
  if (error) return cannot("moving " + from + " to " + to, error);
  return {};
}

}  // namespace ragd::store
