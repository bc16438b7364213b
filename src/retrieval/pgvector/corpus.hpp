// A corpus in PostgreSQL with pgvector, which any number of ragd replicas share.
//
// Thread-safe; for coroutines on the cores given at the start. Documents, chunks, vectors and the corpus version lie in
// tables (schema.cpp), a change and its version in one transaction; a search reads version and passages from one
// snapshot. Nobody here knows the version without asking: version() is null. Every call ends at the request's deadline.
// It refuses documents with NUL characters, and a write when too many wait.
#pragma once

#include "retrieval/pgvector/database.hpp"
#include "retrieval/pgvector/version_reads.hpp"
#include "retrieval/query_embedder.hpp"
#include "retrieval/write_turns.hpp"

#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ragd::retrieval::pgvector {

/// Of all tenants together, as of the last ping.
struct CorpusCounts {
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
  std::uint64_t embedded = 0;  ///< with vectors of the embedder's model
};

class PgvectorCorpus final : public Retriever, public Documents {
 public:
  static constexpr std::size_t kMaxWrites = 16;

  /// `embedder` null: search by words alone. All must outlive this.
  PgvectorCorpus(Database& database, const std::vector<boost::asio::io_context*>& cores, boost::asio::thread_pool& pool,
                 QueryEmbedder* embedder, const RetrievalSettings& settings);

  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) override;
  [[nodiscard]] Result<VersionPtr> version(const std::string& tenant) const override;
  Task<Result<VersionPtr>> read_version(const RequestContext& context) override;
  [[nodiscard]] std::string settings_tag() const override;
  Task<Result<void>> ping() override;

  Task<Result<PutOutcome>> put(const RequestContext& context, std::vector<Document> batch) override;
  Task<Result<std::string>> erase(const RequestContext& context, std::string id) override;
  Task<Result<Document>> get(const RequestContext& context, std::string id) override;
  Task<Result<DocumentPage>> list(const RequestContext& context, std::string after, std::size_t limit) override;
  Task<Result<DocumentBatch>> scan(const RequestContext& context, std::string after, std::size_t limit) override;

  [[nodiscard]] CorpusCounts counts() const;

 private:
  struct Core {
    boost::asio::io_context* context;
    VersionReads versions;
  };

  Database& database_;
  boost::asio::thread_pool& pool_;
  QueryEmbedder* const embedder_;
  const RetrievalSettings settings_;
  std::vector<std::unique_ptr<Core>> cores_;
  WriteTurns turns_{kMaxWrites};
  std::atomic<std::uint64_t> documents_{0};
  std::atomic<std::uint64_t> chunks_{0};
  std::atomic<std::uint64_t> embedded_{0};
};

}  // namespace ragd::retrieval::pgvector
