#include "cli/readers/reader.hpp"

#include "base/ascii.hpp"
#include "base/unicode.hpp"

#include <array>
#include <utility>

namespace ragd::cli {

namespace {

constexpr std::array<std::pair<std::string_view, FileKind>, 9> kExtensions{{{".txt", FileKind::text},
                                                                            {".text", FileKind::text},
                                                                            {".rst", FileKind::text},
                                                                            {".md", FileKind::markdown},
                                                                            {".markdown", FileKind::markdown},
                                                                            {".html", FileKind::html},
                                                                            {".htm", FileKind::html},
                                                                            {".xhtml", FileKind::html},
                                                                            {".pdf", FileKind::pdf}}};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Result<Reading> read_as_text(FileKind kind, std::string bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  if (bytes.find('\0') != std::string::npos) return fail(Errc::unprocessable, "is a binary file");
  if (!base::is_valid_utf8(bytes)) return fail(Errc::unprocessable, "is not UTF-8 text");
  if (kind == FileKind::html) return read_html(bytes);
  return kind == FileKind::markdown ? read_markdown(std::move(bytes)) : read_text(std::move(bytes));
}

}  // namespace

std::optional<FileKind> file_kind(const std::filesystem::path& path) {
  const std::string extension = base::to_lower(path.extension().string());
  if (extension.empty()) return FileKind::text;
  for (const auto& [known, kind] : kExtensions) {
    if (extension == known) return kind;
  }
  return std::nullopt;
}

Result<Reading> read_document(FileKind kind, const std::filesystem::path& path, std::string bytes) {
  auto reading = kind == FileKind::pdf ? read_pdf(path) : read_as_text(kind, std::move(bytes));
  if (reading && base::trim(reading->text).empty()) return fail(Errc::unprocessable, "has no text");
  return reading;
}

}  // namespace ragd::cli
