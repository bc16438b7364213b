#include "obs/log_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>

namespace ragd::obs {

namespace {

constexpr std::size_t kBatchBytes = 65'536;
constexpr int kPollMs = 100;  // how soon a stalled writer notices that the process wants to end

}  // namespace

void LogOutput::log(const spdlog::details::log_msg& message) {
  batch_.append(message.payload.data(), message.payload.size());
  batch_ += '\n';
  if (batch_.size() >= kBatchBytes || !more_waiting_()) flush();
}

void LogOutput::flush() {
  if (batch_.empty()) return;
  if (inside_line_) batch_.insert(0, 1, '\n');
  std::string_view rest = batch_;
  while (!rest.empty() && wait_writable()) {
    // A pipe that polls writable takes PIPE_BUF bytes without blocking, not more.
    const ssize_t written = ::write(fd_, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) break;
    if (written <= 0) continue;
    const auto taken = static_cast<std::size_t>(written);
    inside_line_ = rest[taken - 1] != '\n';
    rest.remove_prefix(taken);
  }
  lost_lines_.fetch_add(static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n')),
                        std::memory_order_relaxed);
  batch_.clear();
}

bool LogOutput::wait_writable() const {
  while (std::chrono::steady_clock::now() < give_up_at_.load(std::memory_order_relaxed)) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    // An error or hang-up ends the wait too: write then says what it is.
    if (::poll(&ready, 1, kPollMs) > 0) return true;
  }
  return false;
}

void LogOutput::give_up_after(std::chrono::milliseconds grace) {
  give_up_at_.store(std::chrono::steady_clock::now() + grace, std::memory_order_relaxed);
}

}  // namespace ragd::obs
