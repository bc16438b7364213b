// Files into documents: what each kind of file says, as text with Markdown headings, and what it is called.
//
// Stateless, thread-safe; any bytes are safe input. Errors read on after the file's name: "is not UTF-8 text". It
// refuses binary files and guesses no encodings.
#pragma once

#include <ragd/error.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::cli {

struct Reading {
  std::string title;  ///< one line; empty when the file names none
  std::string text;   ///< valid UTF-8; for text and Markdown exactly the file's bytes
};

enum class FileKind : std::uint8_t { text, markdown, html, pdf };

/// By extension; none for what ragd does not read. A name without any extension is taken for text.
[[nodiscard]] std::optional<FileKind> file_kind(const std::filesystem::path& path);

/// `bytes` is the whole file; `path` is only used by readers that hand it to another program.
[[nodiscard]] Result<Reading> read_document(FileKind kind, const std::filesystem::path& path, std::string bytes);

[[nodiscard]] Reading read_text(std::string bytes);
[[nodiscard]] Reading read_markdown(std::string bytes);
[[nodiscard]] Reading read_html(std::string_view html);
/// Runs pdftotext in a child with limits on its time, memory and output.
[[nodiscard]] Result<Reading> read_pdf(const std::filesystem::path& path, const std::string& program = "pdftotext");

}  // namespace ragd::cli
