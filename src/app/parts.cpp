#include "app/parts.hpp"

#include "app/gate_policy.hpp"
#include "obs/log.hpp"
#include "retrieval/embedded_queue.hpp"
#include "retrieval/embedding_texts.hpp"
#include "retrieval/pgvector/vector_queue.hpp"
#include "store/snapshot_take.hpp"

#include <boost/asio/post.hpp>

#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

namespace ragd::app {

namespace {

constexpr std::size_t kCacheThreads = 2;
/// One for merges that take seconds, one for those that take minutes.
constexpr std::size_t kMergeThreads = 2;

/// Disk reads and writes wait, they don't compute: a few more threads than cores keep the disk busy.
std::size_t pool_size(std::size_t cores) {
  return cores + 2;
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Errc::unavailable, "data directory " + path + " cannot be made: " + error.message());
  return {};
}

rag::PipelineSettings pipeline_settings(const Settings& settings) {
  rag::PipelineSettings pipeline;
  pipeline.ttl = settings.cache.ttl;
  pipeline.fold_case = settings.cache.fold_case;
  pipeline.top_k = settings.retrieval.top_k;
  pipeline.request_timeout = settings.http.request_timeout;
  return pipeline;
}

}  // namespace

Parts::Parts(const Settings& settings)
    : threads(settings.threads),
      pool(pool_size(threads.size())),
      cache_pool(kCacheThreads),
      ingest_pool(1),
      merge_pool(kMergeThreads),
      permits(settings.overload.max_in_flight) {}

Parts::~Parts() {
  // Whatever still runs there uses the parts that go next.
  if (corpus_writer) corpus_writer->stop_merging();
  pool.join();
  ingest_pool.join();
  merge_pool.join();
  cache_pool.join();
}

Result<std::unique_ptr<Parts>> Parts::make(const Settings& settings) {
  std::unique_ptr<Parts> parts(new Parts(settings));
  auto opened = parts->open(settings);
  if (!opened) return opened.error();
  return parts;
}

Result<void> Parts::open(const Settings& settings) {
  // The cheap checks first: a typo in the keys file should not wait for an index to be restored.
  auto first_policy = make_gate_policy(settings, nullptr);
  if (!first_policy) return first_policy.error();
  policy.store(*first_policy);

  auto directory = make_directory(settings.data_dir);
  if (!directory) return directory;
  auto made = Embedding::make(settings.embeddings, cores(), pool, metrics, clock);
  if (!made) return made.error();
  embedding = *std::move(made);
  auto opened =
      settings.retrieval.backend == Backend::pgvector ? open_pgvector(settings.retrieval) : open_embedded(settings);
  if (!opened) return opened;
  auto answers = cache::RocksResponseCache::open(settings.data_dir + "/cache", settings.cache, cache_pool, metrics);
  if (!answers) return answers.error();
  cache = std::move(*answers);

  pipeline = std::make_unique<rag::Pipeline>(pipeline_settings(settings), *retriever, llm, *cache, permits, metrics,
                                             clock, cores());
  endpoints = std::make_unique<api::Endpoints>(
      api::Endpoints{api::QueryEndpoint(*pipeline, metrics), api::SearchEndpoint(*pipeline),
                     api::DocumentsEndpoint(*documents, pool, metrics), api::HealthEndpoint(readiness, metrics, pool),
                     api::AdminEndpoint(*cache, snapshots.get(), metrics)});
  for (std::size_t i = 0; i < threads.size(); ++i) {
    routers.push_back(std::make_unique<api::Router>(
        api::make_routes(*endpoints, settings.http), policy.load(),
        api::RouterSettings{settings.http.request_timeout, settings.log_hits}, readiness, clock, metrics));
  }
  return {};
}

Result<void> Parts::open_embedded(const Settings& settings) {
  auto opened = store::DocumentStore::open(settings.data_dir + "/documents");
  if (!opened) return opened.error();
  store = std::move(*opened);
  for (const std::string& note : store->recovery_notes()) {
    obs::log(LogLevel::warning, "document store recovered", {{"what", std::string_view(note)}});
  }
  open_corpus(settings.retrieval);
  snapshots =
      std::make_unique<retrieval::StoreSnapshots>(*store, pool, clock, store::snapshot_folder(settings.data_dir));
  retriever = corpus.get();
  documents = corpus.get();
  // On the writer's thread, where the merges it begins come home.
  std::promise<Result<void>> restored;
  boost::asio::post(ingest_pool, [&] { restored.set_value(corpus_writer->restore()); });
  return restored.get_future().get();
}

void Parts::open_corpus(const RetrievalSettings& settings) {
  const std::uint64_t vectors = embedding ? retrieval::vectors_tag(embedding->embedder().tag()) : 0;
  corpus_writer = std::make_unique<retrieval::CorpusWriter>(*store, ingest_pool, merge_pool, catalogue, vectors);
  if (embedding) {
    embedding->set_queue(std::make_unique<retrieval::EmbeddedQueue>(embedding->embedder(), *corpus_writer, catalogue,
                                                                    pool, ingest_pool));
  }
  corpus = std::make_unique<retrieval::EmbeddedCorpus>(*store, pool, ingest_pool, *corpus_writer, catalogue, settings,
                                                       embedding ? &embedding->queries() : nullptr,
                                                       embedding ? &embedding->queue() : nullptr);
}

Result<void> Parts::open_pgvector(const RetrievalSettings& settings) {
  auto url = retrieval::pgvector::PostgresUrl::parse(settings.url);
  if (!url) return fail(Errc::unprocessable, "retrieval.url " + url.error().detail);
  retrieval::pgvector::DatabaseSettings its;
  its.connections = settings.connections;
  its.timeout = settings.timeout;
  if (embedding) its.model_tag = embedding->embedder().tag();
  database = std::make_unique<retrieval::pgvector::Database>(
      cores(), std::move(*url), its, obs::UpstreamRecorder(metrics.upstreams, obs::Upstream::vector_db));
  if (embedding) embedding->set_queue(std::make_unique<retrieval::pgvector::VectorQueue>(*database, pool));
  shared_corpus = std::make_unique<retrieval::pgvector::PgvectorCorpus>(
      *database, cores(), pool, embedding ? &embedding->queries() : nullptr, settings);
  retriever = shared_corpus.get();
  documents = shared_corpus.get();
  auto prepared = database->prepare();
  if (prepared || prepared.error().code == Errc::internal) return prepared;
  // It may come back: until then readiness says no.
  obs::log(LogLevel::warning, "the database is not there yet", {{"error", std::string_view(prepared.error().detail)}});
  return {};
}

std::vector<boost::asio::io_context*> Parts::cores() {
  std::vector<boost::asio::io_context*> all;
  for (std::size_t i = 0; i < threads.size(); ++i) all.push_back(&threads.context(i));
  return all;
}

void Parts::publish_policy(const api::GatePolicyPtr& fresh) {
  policy.store(fresh);
  for (std::size_t i = 0; i < routers.size(); ++i) {
    boost::asio::post(threads.context(i), [router = routers[i].get(), fresh] { router->set_policy(fresh); });
  }
}

}  // namespace ragd::app
