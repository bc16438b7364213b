#include "base/unicode.hpp"
#include "cli/child_process.hpp"
#include "cli/readers/reader.hpp"

#include <utility>

namespace ragd::cli {

Result<Reading> read_pdf(const std::filesystem::path& path, const std::string& program) {
  // An absolute path cannot be taken for an option.
  const std::string file = std::filesystem::absolute(path).string();
  auto result = run_program({program, "-q", "-enc", "UTF-8", "-nopgbrk", file, "-"}, ProcessLimits{});
  if (!result && result.error().code == Errc::not_found) {
    return fail(Errc::unavailable, "needs pdftotext (package poppler-utils), which is not installed");
  }
  if (!result) return fail(result.error().code, "cannot be read: pdftotext " + result.error().detail);
  if (result->exit_code != 0) return fail(Errc::unprocessable, "is not a PDF that pdftotext can read");
  if (!base::is_valid_utf8(result->output)) return fail(Errc::unprocessable, "gives text that is not UTF-8");
  return Reading{"", std::move(result->output)};
}

}  // namespace ragd::cli
