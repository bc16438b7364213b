// The document store as it was when the view was taken, whatever is written since.
//
// Thread-safe. It must not outlive its store, and holds old data on disk as long as it lives: keep the newest.
#pragma once

#include "store/stored_document.hpp"

#include <ragd/error.hpp>
#include <ragd/retriever.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::store {

/// A chunk by its document and its place there, counted from 0.
struct PassageRef {
  std::string_view document_id;
  std::uint32_t ordinal = 0;
};

/// Everything about a chunk but its score.
struct StoredPassage {
  std::string title;
  std::string source;
  std::string metadata_json;
  std::string heading;
  std::string text;
  std::uint64_t start = 0;  ///< of the text, in the document's
  std::uint64_t end = 0;
};

enum class ReadFrom : std::uint8_t {
  memory,  ///< never waits for the disk, fit for an event loop
  disk,
};

class View {
 public:
  virtual ~View() = default;

  /// In the order asked for. Null: not all of it is in memory. Errc::not_found when one does not exist.
  [[nodiscard]] virtual Result<std::optional<std::vector<StoredPassage>>> passages(const std::string& tenant,
                                                                                   std::span<const PassageRef> refs,
                                                                                   ReadFrom from) const = 0;

  /// Is there a document of this id? Reads no text.
  [[nodiscard]] virtual Result<bool> holds(const std::string& tenant, const std::string& id) const = 0;

  /// The whole document, with its chunks. Errc::not_found when there is none.
  [[nodiscard]] virtual Result<StoredDocument> get(const std::string& tenant, const std::string& id) const = 0;

  /// At most `limit` (1..1000) documents with ids greater than `after`.
  [[nodiscard]] virtual Result<DocumentPage> list(const std::string& tenant, const std::string& after,
                                                  std::size_t limit) const = 0;

  /// Every document of the tenant, in order of id. Stops at the first failure of `visit` or of a read.
  [[nodiscard]] virtual Result<void> for_each(const std::string& tenant,
                                              const std::function<Result<void>(StoredDocument)>& visit) const = 0;

  /// Index records of the tenant whose names begin with `prefix`, in order of name; likewise.
  [[nodiscard]] virtual Result<void> for_each_index(
      const std::string& tenant, std::string_view prefix,
      const std::function<Result<void>(std::string_view name, std::string_view value)>& visit) const = 0;
};

using ViewPtr = std::shared_ptr<const View>;  // owners: the published catalogue and the reads under way

}  // namespace ragd::store
