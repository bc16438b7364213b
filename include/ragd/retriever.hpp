// Documents in, passages out: the two faces of a corpus. An embedded index or a vector database implements both.
//
// Thread-safe: every core calls at once. A tenant's corpus has an opaque version, "<store-uuid>-<counter>"; it is
// bumped in the same durable batch as the change it counts, and one immutable snapshot yields both the version and
// the passages. When put or erase returns, the write is durable and every later retrieve and version sees it.
#pragma once

#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ragd {

/// A corpus version that is shared rather than copied.
using VersionPtr = std::shared_ptr<const std::string>;  // owners: the snapshot it is part of and who compares with it

struct RetrievalQuery {
  std::string text;
  std::size_t top_k = 5;
  Filter filter;
};

/// A word of the question as the index understands it, with how much it tells (its inverse document frequency).
struct QueryTerm {
  std::string stem;
  double weight = 0;
};

struct Retrieved {
  std::vector<Passage> passages;  ///< best first; ties by document id, then chunk
  std::string version;            ///< of the snapshot that was searched
  std::vector<QueryTerm> terms;
  bool degraded = false;  ///< a part of the search was left out because its server failed; less may have been found
};

class Retriever {
 public:
  virtual ~Retriever() = default;

  /// The passages that match best, of the caller's tenant only. No match is an empty list, not an error.
  virtual Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) = 0;

  /// The version a retrieve begun now would see, where that is known without asking anyone: never suspends. Null: only
  /// read_version knows. An error means: serve nothing from a cache.
  [[nodiscard]] virtual Result<VersionPtr> version(const std::string& tenant) const = 0;

  /// The same, by a read that began after this call. Never null.
  virtual Task<Result<VersionPtr>> read_version(const RequestContext& context) = 0;

  /// Whatever changes the passages a query gets, besides documents: analyser, scoring and chunking settings.
  [[nodiscard]] virtual std::string settings_tag() const = 0;

  /// Background health check; bounded by its own deadline.
  virtual Task<Result<void>> ping() = 0;
};

struct PutOutcome {
  std::size_t accepted = 0;   ///< new or replaced
  std::size_t unchanged = 0;  ///< already there, byte for byte
  std::size_t chunks = 0;     ///< written for the accepted ones
  std::string version;        ///< after the write
};

/// A document without its text, as lists show it.
struct DocumentSummary {
  std::string id;
  std::string title;
  std::string source;
  std::string metadata_json = "{}";
  std::uint64_t bytes = 0;
  std::uint64_t chunks = 0;
};

struct DocumentPage {
  std::vector<DocumentSummary> documents;  ///< in order of id
  std::optional<std::string> next;         ///< pass as `after` for the following page; absent on the last
  std::uint64_t waiting = 0;               ///< passages of the whole corpus that will get vectors and have none yet
};

struct DocumentBatch {
  std::vector<Document> documents;  ///< in order of id
  std::optional<std::string> next;  ///< pass as `after` for the following batch; absent on the last
};

class Documents {
 public:
  static constexpr std::size_t kScanBytes = 4U << 20;

  virtual ~Documents() = default;

  /// All or nothing, durable on return, idempotent by id. Ids within one batch are distinct.
  virtual Task<Result<PutOutcome>> put(const RequestContext& context, std::vector<Document> batch) = 0;

  /// The corpus version after the delete; Errc::not_found when there is no such document.
  virtual Task<Result<std::string>> erase(const RequestContext& context, std::string id) = 0;

  virtual Task<Result<Document>> get(const RequestContext& context, std::string id) = 0;

  /// At most `limit` (1..1000) documents with ids greater than `after`.
  virtual Task<Result<DocumentPage>> list(const RequestContext& context, std::string after, std::size_t limit) = 0;

  /// Likewise, whole; fewer than `limit`, but not none, where more would be over kScanBytes.
  virtual Task<Result<DocumentBatch>> scan(const RequestContext& context, std::string after, std::size_t limit) = 0;
};

}  // namespace ragd
