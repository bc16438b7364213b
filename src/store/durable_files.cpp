#include "store/durable_files.hpp"

#include "base/hash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <functional>

namespace ragd::store {

namespace {

constexpr std::size_t kStep = 1UL << 20U;

std::error_code last_error() {
  return {errno, std::generic_category()};
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  const int fd_;
};

Result<void> write_all(const Descriptor& file, const std::string& name, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("writing " + name, last_error());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Piece by piece; stops at the first failure.
Result<FileSum> read_all(const std::string& name, const std::function<Result<void>(std::string_view)>& take) {
  const Descriptor file(name, O_RDONLY);
  if (!file.is_open()) return file_error("reading " + name, last_error());
  std::string piece(kStep, '\0');
  base::Sha256 sha;
  FileSum sum;
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("reading " + name, last_error());
    if (got == 0) break;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    sha.update(bytes);
    sum.bytes += bytes.size();
    if (Result<void> taken = take(bytes); !taken) return taken.error();
  }
  sum.sha256 = sha.hex();
  return sum;
}

Result<void> sync_with(int (*sync)(int), const std::string& directory) {
  const Descriptor opened(directory, O_RDONLY | O_DIRECTORY);
  if (!opened.is_open() || sync(opened.get()) != 0) return file_error("syncing " + directory, last_error());
  return {};
}

}  // namespace

Error file_error(const std::string& doing, const std::error_code& why) {
  const bool full = why == std::errc::no_space_on_device || why.value() == EDQUOT;
  return fail(full ? Errc::storage_full : Errc::unavailable, doing + ": " + why.message());
}

Result<FileSum> sum_of(const std::string& file, const std::stop_token& stop) {
  return read_all(file, [&stop](std::string_view /*bytes*/) -> Result<void> {
    if (stop.stop_requested()) return fail(Errc::canceled, "asked to stop");
    return {};
  });
}

Result<FileSum> copy_file(const std::string& from, const std::string& to) {
  const Descriptor copy(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!copy.is_open()) return file_error("writing " + to, last_error());
  return read_all(from, [&](std::string_view bytes) { return write_all(copy, to, bytes); });
}

Result<void> write_file(const std::string& file, std::string_view bytes) {
  const Descriptor opened(file, O_WRONLY | O_CREAT | O_EXCL);
  if (!opened.is_open()) return file_error("writing " + file, last_error());
  return write_all(opened, file, bytes);
}

Result<void> sync_directory(const std::string& directory) {
  return sync_with(::fsync, directory);
}

Result<void> sync_file_system_of(const std::string& directory) {
  return sync_with(::syncfs, directory);
}

Result<void> exchange_directories(const std::string& one, const std::string& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return {};
  const std::error_code why = last_error();
  const std::string doing = "exchanging " + one + " and " + other;
  if (why == std::errc::invalid_argument || why == std::errc::function_not_supported) {
    return fail(Errc::not_implemented, doing + ": the file system has no way to do it in one step");
  }
  return file_error(doing, why);
}

}  // namespace ragd::store
