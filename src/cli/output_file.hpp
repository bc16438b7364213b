// A file that appears under its name only when it is whole and on disk, or the standard output.
//
// For one thread. What was not kept is removed. A pipe or device is written to as it is, never replaced.
#pragma once

#include <ragd/error.hpp>

#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace ragd::cli {

class OutputFile {
 public:
  /// "-" is `standard_output`. Details of errors name the file.
  [[nodiscard]] static Result<std::unique_ptr<OutputFile>> open(const std::string& name, std::ostream& standard_output);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Result<void> write(std::string_view bytes);
  /// Everything is written.
  Result<void> keep();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  OutputFile(std::string name, std::ostream& standard_output) : name_(std::move(name)), stream_(standard_output) {}
  [[nodiscard]] Error failure() const;

  std::string name_;
  std::string unfinished_;                  ///< its name until then; empty: it is written to directly
  std::unique_ptr<std::FILE, Close> file_;  ///< null: the standard output
  std::ostream& stream_;
};

}  // namespace ragd::cli
