#include "store/checkpoint.hpp"

#include "store/durable_files.hpp"
#include "store/rocks.hpp"

#include <rocksdb/utilities/checkpoint.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>

namespace ragd::store {

namespace {

/// The log is copied as it is. Flushing instead would leave an empty memtable, and with it no log worth copying.
constexpr std::uint64_t kNeverFlush = std::numeric_limits<std::uint64_t>::max();

/// Making a checkpoint, RocksDB warns of what it does itself ("File Deletions Disabled, but already disabled").
class WithoutWarnings {
 public:
  explicit WithoutWarnings(rocksdb::DB& database) : log_(*database.GetDBOptions().info_log) {
    log_.SetInfoLogLevel(rocksdb::InfoLogLevel::ERROR_LEVEL);
  }
  ~WithoutWarnings() { log_.SetInfoLogLevel(level_); }
  WithoutWarnings(const WithoutWarnings&) = delete;
  WithoutWarnings& operator=(const WithoutWarnings&) = delete;

 private:
  rocksdb::Logger& log_;
  const rocksdb::InfoLogLevel level_ = log_.GetInfoLogLevel();
};

Result<void> copy_and_remove(const std::string& from, const std::string& to) {
  const std::string unfinished = beside(to, ".unfinished");
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  if (!error) std::filesystem::copy(from, unfinished, std::filesystem::copy_options::recursive, error);
  Result<void> copied = error ? Result<void>(file_error("copying " + from + " to " + unfinished, error))
                              : sync_file_system_of(unfinished);  // one call for all files: there are hundreds
  if (copied) std::filesystem::rename(unfinished, to, error);
  if (copied && error) copied = file_error("moving " + unfinished + " to " + to, error);
  std::error_code ignored;
  std::filesystem::remove_all(copied ? from : unfinished, ignored);
  return copied;
}

}  // namespace

std::string beside(std::string_view directory, std::string_view suffix) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  return std::string(directory) + std::string(suffix);
}

Result<void> make_checkpoint(rocksdb::DB& database, SyncedWriter& writer, const std::string& directory) {
  if (Result<void> logged = writer.commit_nothing(); !logged) return logged;
  const WithoutWarnings quiet(database);
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
  if (error == std::errc::cross_device_link) return copy_and_remove(from, to);
  if (error) return file_error("moving " + from + " to " + to, error);
  return {};
}

}  // namespace ragd::store
