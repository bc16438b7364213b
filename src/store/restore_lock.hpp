// Says that a restore works on a data directory: other restores are kept away, and the opening of a store lies still
// about what it finds beside its own directory.
//
// One process or thread holds it at a time. It goes with the process, however that ends, and leaves no file behind.
#pragma once

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace ragd::store {

class RestoreLock {
 public:
  /// Does not wait.
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

}  // namespace ragd::store
