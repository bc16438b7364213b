#include "obs/process_metrics.hpp"

#include <sys/resource.h>
#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace ragd::obs {

namespace {

struct ProcessStat {
  double cpu_seconds = 0;
  double threads = 0;
  double started_after_boot = 0;  // seconds
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

/// proc(5), /proc/pid/stat.
std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  constexpr std::size_t kFirstField = 3;
  constexpr std::size_t kLastField = 24;
  std::array<double, kLastField + 1> fields{};
  std::string state;
  rest >> state;
  for (std::size_t field = kFirstField + 1; field <= kLastField; ++field) rest >> fields[field];
  if (!rest) return std::nullopt;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ProcessStat{.cpu_seconds = (fields[14] + fields[15]) / ticks,
                     .threads = fields[20],
                     .started_after_boot = fields[22] / ticks,
                     .virtual_bytes = fields[23],
                     .resident_bytes = fields[24] * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

/// When the machine booted, in Unix seconds.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string key; file >> key;) {
    if (double seconds = 0; key == "btime" && file >> seconds) return seconds;
    file.ignore(1 << 16, '\n');
  }
  return std::nullopt;
}

std::optional<double> open_fds(double max_fds) {
  DIR* const directory = opendir("/proc/self/fd");
  // No descriptor left to count descriptors with: that is an answer too, at the moment it matters most.
  if (directory == nullptr) return errno == EMFILE ? std::optional(max_fds) : std::nullopt;
  constexpr int kNotCounted = 3;  // ".", ".." and the directory just opened
  int entries = -kNotCounted;
  while (readdir(directory) != nullptr) ++entries;
  closedir(directory);
  return entries;
}

double limit_of(decltype(RLIMIT_AS) resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void write_process_metrics(Exposition& out) {
  if (const auto stat = read_stat()) {
    out.real_counter("process_cpu_seconds_total", "User and system CPU time spent.", stat->cpu_seconds);
    out.gauge("process_resident_memory_bytes", "Resident memory size.", stat->resident_bytes);
    out.gauge("process_virtual_memory_bytes", "Virtual memory size.", stat->virtual_bytes);
    out.gauge("process_threads", "Operating system threads.", stat->threads);
    static const std::optional<double> booted_at = boot_time();
    if (booted_at) {
      out.gauge("process_start_time_seconds", "Start of the process since the Unix epoch.",
                *booted_at + stat->started_after_boot);
    }
  }
  const double max_fds = limit_of(RLIMIT_NOFILE);
  out.gauge("process_virtual_memory_max_bytes", "Most virtual memory the process may have.", limit_of(RLIMIT_AS));
  out.gauge("process_max_fds", "Most file descriptors the process may open.", max_fds);
  if (const auto open = open_fds(max_fds)) {
    out.gauge("process_open_fds", "Open file descriptors.", *open);
  }
}

}  // namespace ragd::obs
