#include "base/files.hpp"

#include "base/units.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace ragd::base {

namespace {
struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Error cannot_read(int error) {
  const Errc code = error == ENOENT ? Errc::not_found : Errc::unavailable;
  return fail(code, "cannot be read: " + std::generic_category().message(error));
}
}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return cannot_read(errno);
  constexpr std::size_t kStep = 64UL << 10U;
  std::string bytes;
  while (bytes.size() <= max_bytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kStep);
    const std::size_t got = std::fread(bytes.data() + before, 1, kStep, file.get());
    bytes.resize(before + got);
    if (got < kStep && std::ferror(file.get()) != 0) return cannot_read(errno);
    if (got < kStep) break;
  }
  if (bytes.size() > max_bytes) return fail(Errc::payload_too_large, "is larger than " + format_size(max_bytes));
  return bytes;
}

}  // namespace ragd::base
