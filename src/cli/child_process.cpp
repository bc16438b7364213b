#include "cli/child_process.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

namespace ragd::cli {

namespace {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;

  [[nodiscard]] bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

Error system_failure(const char* what, int error) {
  return fail(Errc::unavailable, std::string(what) + ": " + std::generic_category().message(error));
}

/// Between fork and exec only what is safe in a signal handler may be called.
[[noreturn]] void become(char* const* arguments, int output, int status, const ProcessLimits& limits) {
  const auto seconds = static_cast<rlim_t>(limits.time.count() / 1000 + 1);
  const rlimit processor{seconds, seconds};
  const rlimit memory{limits.memory, limits.memory};
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CPU, &processor);
  ::setrlimit(RLIMIT_AS, &memory);
  ::setrlimit(RLIMIT_CORE, &none);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  std::array<char, 15> locale{"LC_ALL=C.UTF-8"};
  std::array<char*, 2> environment{locale.data(), nullptr};
  ::execvpe(arguments[0], arguments, environment.data());
  const int error = errno;
  [[maybe_unused]] const auto told = ::write(status, &error, sizeof error);
  ::_exit(127);
}

/// The errno of a failed exec; none when the program runs (exec closed the pipe).
std::optional<int> exec_failure(int status) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(status, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof error) return error;
  return std::nullopt;
}

using Clock = std::chrono::steady_clock;

/// Until `fd` can be read or the time is up.
bool wait_readable(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

Result<std::string> read_output(int fd, const ProcessLimits& limits, Clock::time_point deadline) {
  std::array<char, 64UL << 10U> buffer{};
  std::string output;
  for (;;) {
    if (!wait_readable(fd, deadline)) return fail(Errc::deadline_exceeded, "took too long");
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("read", errno);
    if (got == 0) return output;
    output.append(buffer.data(), static_cast<std::size_t>(got));
    if (output.size() > limits.output) return fail(Errc::payload_too_large, "printed too much");
  }
}

/// Whether the child has ended by then; it stays to be waited for.
bool ends_before(pid_t child, Clock::time_point deadline) {
  // A pidfd could be polled without naps, but not every kernel and sandbox has them.
  constexpr std::chrono::milliseconds kLongestNap{16};
  for (std::chrono::milliseconds nap{1};; nap = std::min(2 * nap, kLongestNap)) {
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (ended.si_pid == child) return true;
    if (Clock::now() >= deadline) return false;
    ::poll(nullptr, 0, static_cast<int>(nap.count()));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ProcessResult> run_program(const std::vector<std::string>& command, const ProcessLimits& limits) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  Pipe output;
  Pipe status;
  if (!output.open() || !status.open()) return system_failure("pipe", errno);
  const pid_t child = ::fork();
  if (child < 0) return system_failure("fork", errno);
  if (child == 0) become(arguments.data(), output.write.get(), status.write.get(), limits);
  output.write.reset();
  status.write.reset();
  if (const auto error = exec_failure(status.read.get())) {
    wait_for(child);
    const Errc code = *error == ENOENT ? Errc::not_found : Errc::unavailable;
    return fail(code, command[0] + ": " + std::generic_category().message(*error));
  }
  const auto deadline = Clock::now() + limits.time;
  auto text = read_output(output.read.get(), limits, deadline);
  // It may close its output and live on: it has until the deadline to leave.
  if (!text || !ends_before(child, deadline)) ::kill(child, SIGKILL);
  const int exit_code = wait_for(child);
  if (!text) return text.error();
  return ProcessResult{exit_code, std::move(*text)};
}

}  // namespace ragd::cli
