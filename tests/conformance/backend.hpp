// What the conformance suite knows of a backend: how to open one, and what it can do. Each test runs against each.
//
// A Store is where documents lie, new and empty; a Replica is one process's view of it, with a core and an embedder of
// its own. A backend whose store takes one process at a time says so.
#pragma once

#include "fakes/fake_embedder.hpp"
#include "fakes/run_task.hpp"
#include "obs/metrics.hpp"
#include "retrieval/embedding_queue.hpp"
#include "retrieval/query_embedder.hpp"

#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace ragd::conformance {

inline RequestContext request_of(const std::string& tenant, std::chrono::milliseconds time = std::chrono::seconds(30)) {
  RequestContext context;
  context.caller.tenant = tenant;
  context.now = std::chrono::steady_clock::now();
  context.deadline = context.now + time;
  return context;
}

inline std::vector<std::string> ids_of(const Retrieved& found) {
  std::vector<std::string> ids;
  for (const Passage& passage : found.passages) ids.push_back(passage.document_id);
  return ids;
}

class Replica {
 public:
  virtual ~Replica() = default;
  [[nodiscard]] virtual Retriever& retriever() = 0;
  [[nodiscard]] virtual Documents& documents() = 0;
  [[nodiscard]] virtual retrieval::EmbeddingQueue* queue() = 0;  ///< null: without an embedder, or not able to

  Result<PutOutcome> put(std::vector<Document> batch, const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    return run(documents().put(context, std::move(batch)));
  }
  Result<std::string> erase(const std::string& id, const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    return run(documents().erase(context, id));
  }
  Result<Document> get(const std::string& id, const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    return run(documents().get(context, id));
  }
  Result<DocumentPage> list(const std::string& after, std::size_t limit, const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    return run(documents().list(context, after, limit));
  }
  Result<DocumentBatch> scan(const std::string& after, std::size_t limit, const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    return run(documents().scan(context, after, limit));
  }
  Result<Retrieved> search(const std::string& text, const Filter& filter = {}, std::size_t top_k = 50,
                           const std::string& tenant = "default") {
    const RequestContext context = request_of(tenant);
    const RetrievalQuery query{text, top_k, filter};
    return run(retriever().retrieve(context, query));
  }
  /// Ids of the documents found, best first.
  std::vector<std::string> found(const std::string& text, const Filter& filter = {},
                                 const std::string& tenant = "default") {
    return ids_of(search(text, filter, 50, tenant).value());
  }
  /// As the pipeline asks for it.
  std::string version(const std::string& tenant = "default") {
    const Result<VersionPtr> known = retriever().version(tenant);
    if (known && *known) return **known;
    const RequestContext context = request_of(tenant);
    return *run(retriever().read_version(context)).value();
  }

  template <class T>
  T run(Task<T> task) {
    return fakes::run_task(io, std::move(task));
  }

  boost::asio::io_context io{1};
};

struct Opening {
  RetrievalSettings settings;
  Embedder* embedder = nullptr;
};

class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual std::unique_ptr<Replica> open(const Opening& opening) = 0;
};

struct BackendKind {
  std::string name;
  bool is_shared = false;                ///< several replicas at once
  bool has_queue = false;                ///< embeds passages
  std::function<std::string()> missing;  ///< what is not there to test it; empty: nothing
  std::function<std::unique_ptr<Store>()> make;
};

/// How GoogleTest shows it.
inline void PrintTo(const BackendKind& kind, std::ostream* out) {
  *out << kind.name;
}

/// Many tests write the same sentence under many ids.
inline RetrievalSettings with_duplicates() {
  RetrievalSettings settings;
  settings.collapse_duplicates = false;
  return settings;
}

inline Document document(const std::string& id, const std::string& text, const std::string& metadata = "{}") {
  return {id, text, "Title " + id, "source/" + id, metadata};
}

}  // namespace ragd::conformance
