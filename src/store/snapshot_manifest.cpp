#include "store/snapshot_manifest.hpp"

#include "base/ascii.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/version.hpp"
#include "store/document_keys.hpp"

#include <cstddef>

namespace ragd::store {

namespace {

namespace dom = simdjson::dom;

constexpr std::uint64_t kSnapshotFormat = 1;
constexpr std::size_t kMaxManifestBytes = 64UL << 20U;
constexpr std::size_t kMaxNameBytes = 255;

/// False when it is missing or of another type.
template <class T>
bool read(const dom::element& object, std::string_view name, T& value) {
  return object[name].get(value) == simdjson::SUCCESS;
}

bool read(const dom::element& object, std::string_view name, std::string& value) {
  std::string_view text;
  if (!read(object, name, text)) return false;
  value = text;
  return true;
}

bool read_corpora(const dom::element& root, std::vector<CorpusState>& corpora) {
  dom::array items;
  if (!read(root, "corpora", items)) return false;
  for (const auto item : items) {
    CorpusState& corpus = corpora.emplace_back();
    if (!read(item, "tenant", corpus.tenant) || !read(item, "version", corpus.version) ||
        !read(item, "documents", corpus.documents)) {
      return false;
    }
  }
  return true;
}

/// Nothing but a file's name: what leads elsewhere must never be opened.
bool is_file_name(std::string_view name) {
  return base::is_plain_name(name, kMaxNameBytes) && !name.starts_with('.');
}

bool read_files(const dom::element& root, std::vector<SnapshotFile>& files) {
  dom::array items;
  if (!read(root, "files", items)) return false;
  for (const auto item : items) {
    SnapshotFile& file = files.emplace_back();
    if (!read(item, "name", file.name) || !read(item, "bytes", file.bytes) || !read(item, "sha256", file.sha256) ||
        !is_file_name(file.name)) {
      return false;
    }
  }
  return true;
}

Result<SnapshotManifest> parse(std::string_view text) {
  const auto document = base::JsonDocument::parse(text);
  std::uint64_t format = 0;
  std::uint64_t store_format = 0;
  // The formats first: what else a newer one says need not be understood.
  if (!document || !read(document->root(), "format", format)) {
    return fail(Errc::internal, "is damaged: its snapshot.json cannot be understood");
  }
  if (format > kSnapshotFormat) {
    return fail(Errc::internal, "is of format " + std::to_string(format) + ", this ragd understands " +
                                    std::to_string(kSnapshotFormat));
  }
  SnapshotManifest manifest;
  const dom::element& root = document->root();
  if (format == 0 || !read(root, "store_format", store_format) || !read(root, "created", manifest.created) ||
      !read_corpora(root, manifest.corpora) || !read_files(root, manifest.files)) {
    return fail(Errc::internal, "is damaged: its snapshot.json is not whole");
  }
  if (store_format > kFormat) {
    return fail(Errc::internal, "holds documents of format " + std::to_string(store_format) +
                                    ", this ragd understands " + std::to_string(kFormat));
  }
  return manifest;
}

}  // namespace

std::uint64_t SnapshotManifest::documents() const {
  std::uint64_t sum = 0;
  for (const CorpusState& corpus : corpora) sum += corpus.documents;
  return sum;
}

std::uint64_t SnapshotManifest::bytes() const {
  std::uint64_t sum = 0;
  for (const SnapshotFile& file : files) sum += file.bytes;
  return sum;
}

std::string manifest_json(const SnapshotManifest& manifest) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("format").integer(kSnapshotFormat).key("store_format").integer(kFormat);
  json.key("ragd_version").string(base::version()).key("created").string(manifest.created);
  json.key("corpora").begin_array();
  for (const CorpusState& corpus : manifest.corpora) {
    json.begin_object().key("tenant").string(corpus.tenant).key("version").string(corpus.version);
    json.key("documents").integer(corpus.documents).end_object();
  }
  json.end_array().key("files").begin_array();
  for (const SnapshotFile& file : manifest.files) {
    json.begin_object().key("name").string(file.name).key("bytes").integer(file.bytes);
    json.key("sha256").string(file.sha256).end_object();
  }
  json.end_array().end_object();
  return out += '\n';
}

Result<SnapshotManifest> read_manifest(const std::string& directory) {
  const std::string name = "snapshot " + directory + " ";
  const auto text = base::read_file(directory + "/" + std::string(kManifestFile), kMaxManifestBytes);
  if (!text) return fail(text.error().code, name + "has no readable snapshot.json: it " + text.error().detail);
  Result<SnapshotManifest> manifest = parse(*text);
  if (!manifest) return fail(manifest.error().code, name + manifest.error().detail);
  return manifest;
}

}  // namespace ragd::store
