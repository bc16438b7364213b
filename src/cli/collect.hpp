// Which files `ragd ingest` reads: those named, and those found in named folders, each once.
//
// Blocks; thread-safe. Names are taken in sorted order; hidden ones, loops of links and links out of the named folder
// are left out. A file that is named must be readable as a document; what merely lies in a folder is passed over when
// it is none.
#pragma once

#include "cli/readers/reader.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace ragd::cli {

struct FoundFile {
  std::filesystem::path path;
  std::string id;  ///< the path as given, without detours
  FileKind kind = FileKind::text;
  bool certain = true;  ///< false: found in a folder without an extension, so it may be anything
};

struct PassedOver {
  std::string path;
  std::string reason;  ///< reads on after the path: "is a .gz file"
};

struct Collection {
  std::vector<FoundFile> files;
  std::vector<PassedOver> failed;
  std::vector<PassedOver> skipped;
};

[[nodiscard]] Collection collect_files(const std::vector<std::string>& paths);

}  // namespace ragd::cli
