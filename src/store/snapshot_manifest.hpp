// What a snapshot says of itself, in its snapshot.json: formats, versions, and every file with its size and checksum.
//
// Stateless. A manifest of a newer format is refused, and so is one that names files anywhere but in the snapshot.
#pragma once

#include "store/corpus_state.hpp"

#include <ragd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::store {

/// A snapshot is a directory with two things in it.
inline constexpr std::string_view kManifestFile = "snapshot.json";
inline constexpr std::string_view kSnapshotDocuments = "documents";

struct SnapshotFile {
  std::string name;  ///< below kSnapshotDocuments, without a folder
  std::uint64_t bytes = 0;
  std::string sha256;
};

struct SnapshotManifest {
  std::string created;  ///< RFC 3339, UTC
  std::vector<CorpusState> corpora;
  std::vector<SnapshotFile> files;  ///< in order of name

  [[nodiscard]] std::uint64_t documents() const;
  [[nodiscard]] std::uint64_t bytes() const;
};

/// As this build makes them.
[[nodiscard]] std::string manifest_json(const SnapshotManifest& manifest);

/// Of the snapshot in `directory`. Details begin with "snapshot <directory>" and fit the one line ragd prints.
[[nodiscard]] Result<SnapshotManifest> read_manifest(const std::string& directory);

}  // namespace ragd::store
