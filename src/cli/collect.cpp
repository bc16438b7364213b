#include "cli/collect.hpp"

#include "base/unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <system_error>
#include <utility>

namespace ragd::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxIdBytes = 256;

class Collector {
 public:
  Collection run(const std::vector<std::string>& paths) {
    for (const std::string& name : paths) take_named(fs::path(name).lexically_normal());
    return std::move(found_);
  }

 private:
  void take_named(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return refuse(path, "cannot be read: " + error_text(error, "no such file"));
    if (fs::is_directory(status)) return take_root(path);
    if (!fs::is_regular_file(status)) return refuse(path, "is no regular file");
    const auto kind = file_kind(path);
    if (!kind) return refuse(path, "is a " + path.extension().string() + " file, which ragd does not read");
    add(path, *kind, true);
  }

  void take_root(const fs::path& folder) {
    std::error_code error;
    root_ = fs::canonical(folder, error);
    if (error) return refuse(folder, "cannot be read: " + error.message());
    take_folder(folder, 0);
  }

  void take_folder(const fs::path& folder, std::size_t depth) {
    std::error_code error;
    // Also where a link leads back up, or a second time to the same place.
    const fs::path real = fs::canonical(folder, error);
    if (!error && !visited_.insert(real).second) return;
    if (depth > kMaxDepth) return refuse(folder, "lies deeper than " + std::to_string(kMaxDepth) + " folders");
    std::vector<fs::path> names;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path());
    }
    if (error) return refuse(folder, "cannot be read: " + error.message());
    std::sort(names.begin(), names.end());
    for (const fs::path& path : names) take_found(path, depth);
  }

  void take_found(const fs::path& path, std::size_t depth) {
    if (path.filename().string().starts_with('.')) return;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_symlink(fs::symlink_status(path, error)) && leads_out(path)) {
      return skip(path, "is a link out of the folder");
    }
    if (fs::is_directory(status)) return take_folder(path, depth + 1);
    if (!fs::is_regular_file(status)) return skip(path, "is no regular file");
    const auto kind = file_kind(path);
    if (!kind) return skip(path, "is a " + path.extension().string() + " file");
    add(path, *kind, path.has_extension());
  }

  /// Who unpacked a stranger's folder did not mean to hand over the private key it links to. What is found without
  /// links lies within the root already; a dangling link leads nowhere.
  [[nodiscard]] bool leads_out(const fs::path& link) const {
    std::error_code error;
    const fs::path real = fs::canonical(link, error);
    return !error && std::mismatch(root_.begin(), root_.end(), real.begin(), real.end()).first != root_.end();
  }

  void add(const fs::path& path, FileKind kind, bool certain) {
    std::string id = path.lexically_normal().string();
    if (!ids_.insert(id).second) return;
    if (id.size() > kMaxIdBytes) return refuse(path, "has a path of more than 256 bytes, too long for a document's id");
    if (!base::is_printable(id))
      return refuse(path, "has a path that is not printable UTF-8, unfit for a document's id");
    found_.files.push_back({path, std::move(id), kind, certain});
  }

  static std::string error_text(const std::error_code& error, std::string fallback) {
    return error ? error.message() : std::move(fallback);
  }
  void refuse(const fs::path& path, std::string reason) { found_.failed.push_back({path.string(), std::move(reason)}); }
  void skip(const fs::path& path, std::string reason) { found_.skipped.push_back({path.string(), std::move(reason)}); }

  Collection found_;
  fs::path root_;  ///< of the named folder under way, without links
  std::set<fs::path> visited_;
  std::set<std::string> ids_;
};

}  // namespace

Collection collect_files(const std::vector<std::string>& paths) {
  return Collector().run(paths);
}

}  // namespace ragd::cli
