#include "app/gauges.hpp"

#include "base/version.hpp"
#include "store/version.hpp"

#include <boost/version.hpp>

#include <filesystem>
#include <system_error>

namespace ragd::app {

namespace {

using obs::Exposition;

constexpr const char* kDocuments = "Documents in the corpus, all tenants together.";
constexpr const char* kChunks = "Chunks in the index.";
constexpr const char* kEmbedded = "Chunks with vectors.";

void corpus_gauges(Exposition& out, const Parts& parts) {
  if (parts.shared_corpus) {
    const auto counts = parts.shared_corpus->counts();
    out.gauge("rag_documents", kDocuments, counts.documents);
    out.gauge("rag_chunks", kChunks, counts.chunks);
    out.gauge("rag_embedded_chunks", kEmbedded, counts.embedded);
    return;
  }
  const retrieval::CorpusSize size = parts.corpus->size();
  out.gauge("rag_documents", kDocuments, size.documents);
  out.gauge("rag_chunks", kChunks, size.chunks);
  out.gauge("rag_embedded_chunks", kEmbedded, size.embedded);
  out.gauge("rag_index_segments", "Parts the index is in, until they are merged.", size.segments);
  out.gauge("rag_index_bytes", "Memory the index takes.", size.index_bytes);
}

void embedding_gauges(Exposition& out, const Parts& parts) {
  const std::size_t waiting = parts.embedding ? parts.embedding->queue().waiting() : 0;
  out.gauge("rag_embedding_waiting_chunks", "Chunks that wait for their vectors.", waiting);
  const retrieval::QueryEmbedderStats stats =
      parts.embedding ? parts.embedding->queries().stats() : retrieval::QueryEmbedderStats{};
  out.gauge("rag_cache_entries", "Entries, as far as the store can tell.", stats.entries, {{"cache", "embedding"}});
  out.gauge("rag_cache_bytes", "Bytes on disk and in memory tables.", stats.bytes, {{"cache", "embedding"}});
}

void cache_gauges(Exposition& out, const Parts& parts) {
  const CacheStats stats = parts.cache->stats();
  out.gauge("rag_cache_entries", "Entries, as far as the store can tell.", stats.entries, {{"cache", "response"}});
  out.gauge("rag_cache_bytes", "Bytes on disk and in memory tables.", stats.bytes, {{"cache", "response"}});
}

void limit_gauges(Exposition& out, const Parts& parts) {
  const auto policy = parts.policy.load();
  const limit::RateTableStats stats = policy->table ? policy->table->stats() : limit::RateTableStats{};
  out.gauge("rag_rate_limit_clients", "Entries of the rate-limit table in use.", stats.clients);
  out.counter("rag_rate_limit_evictions_total", "Idle clients whose entry went to a new one.", stats.reclaimed);
  out.counter("rag_rate_limit_overflow_total", "Checks charged to a bucket that clients share.", stats.overflowed);
}

void readiness_gauges(Exposition& out, const Parts& parts) {
  out.gauge("rag_ready", "1 while /health/ready answers 200.", parts.readiness.ready() ? 1 : 0);
  const api::DependencyStatuses statuses = parts.readiness.statuses();
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    out.gauge("rag_dependency_up", "1 while the dependency's checks succeed.", statuses[i].up ? 1 : 0,
              {{"dependency", api::kDependencyNames[i]}});
  }
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    out.gauge("rag_dependency_check_duration_seconds", "How long the last check took.", statuses[i].took.count(),
              {{"dependency", api::kDependencyNames[i]}});
  }
}

void rocksdb_gauges(Exposition& out, store::DocumentStore& store) {
  for (const auto& [name, value] : store.statistics()) {
    const std::string family = "rag_rocksdb_" + name;
    if (name.ends_with("_total")) {
      out.real_counter(family, "RocksDB's own number, of the document store.", value);
    } else {
      out.gauge(family, "RocksDB's own number, of the document store.", value);
    }
  }
}

void store_gauges(Exposition& out, const Parts& parts, const std::string& data_dir) {
  if (parts.store) rocksdb_gauges(out, *parts.store);
  std::error_code error;
  const auto space = std::filesystem::space(data_dir, error);
  out.gauge("rag_data_dir_free_bytes", "Room left for unprivileged writers where the data lives.",
            error ? 0 : space.available);
}

void process_gauges(Exposition& out, const Parts& parts) {
  out.gauge("rag_config_last_reload_successful", "1 unless the last reload was refused.",
            parts.reload.successful.load() ? 1 : 0);
  out.gauge("rag_config_last_reload_success_timestamp_seconds", "When settings were last taken over.",
            parts.reload.success_time_s.load());
  out.gauge("rag_build_info", "What this build is made of.", 1,
            {{"version", base::version()},
             {"revision", base::revision()},
             {"compiler", base::compiler()},
             {"boost", BOOST_LIB_VERSION},
             {"rocksdb", store::rocksdb_version()}});
}

}  // namespace

void register_gauges(Parts& parts, const std::string& data_dir) {
  parts.metrics.set_sampler([&parts, data_dir](Exposition& out) {
    corpus_gauges(out, parts);
    cache_gauges(out, parts);
    embedding_gauges(out, parts);
    limit_gauges(out, parts);
    readiness_gauges(out, parts);
    store_gauges(out, parts, data_dir);
    process_gauges(out, parts);
  });
}

}  // namespace ragd::app
