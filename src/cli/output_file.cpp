#include "cli/output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ragd::cli {

namespace fs = std::filesystem;

Error OutputFile::failure() const {
  const std::string why = std::generic_category().message(errno);
  return fail(Errc::unavailable, (name_ == "-" ? "standard output" : name_) + " cannot be written: " + why);
}

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& name, std::ostream& standard_output) {
  std::unique_ptr<OutputFile> output(new OutputFile(name, standard_output));
  if (name == "-") return output;
  std::error_code ignored;
  // A link stays one: it is what it leads to that is written.
  if (fs::is_symlink(fs::symlink_status(name, ignored))) output->name_ = fs::weakly_canonical(name, ignored).string();
  const fs::file_status status = fs::status(output->name_, ignored);
  const bool ours = !fs::exists(status) || fs::is_regular_file(status);
  if (ours) output->unfinished_ = output->name_ + ".unfinished";
  output->file_.reset(std::fopen((ours ? output->unfinished_ : output->name_).c_str(), "wbe"));
  if (output->file_) return output;
  output->unfinished_.clear();
  return output->failure();
}

OutputFile::~OutputFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> OutputFile::write(std::string_view bytes) {
  if (file_ == nullptr) {
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream_) return failure();
    return {};
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return failure();
  return {};
}

Result<void> OutputFile::keep() {
  if (file_ == nullptr) {
    if (!stream_.flush()) return failure();
    return {};
  }
  if (std::fflush(file_.get()) != 0) return failure();
  if (unfinished_.empty()) return {};  // of a pipe nothing can be synced
  if (::fsync(fileno(file_.get())) != 0) return failure();
  if (std::rename(unfinished_.c_str(), name_.c_str()) != 0) return failure();
  unfinished_.clear();
  return {};
}

}  // namespace ragd::cli
