// The way of a question: cache -> permit -> retrieve -> answer -> cache. Sees only interfaces.
//
// Thread-safe: ask and search are called on any of the cores. A cached answer is served only while the corpus has the
// version the answer holds for; after a write, retrieval alone decides whether it still does. Identical questions at
// once are computed once. It refuses work beyond the permits (Errc::overloaded) and past a deadline, and never stores
// what is incomplete, failed, or older than a purge. It does not count queries: the router does.
#pragma once

#include "obs/metrics.hpp"
#include "rag/permits.hpp"
#include "rag/single_flight.hpp"
#include "rag/work.hpp"

#include <ragd/clock.hpp>
#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/llm.hpp>
#include <ragd/response_cache.hpp>
#include <ragd/retriever.hpp>
#include <ragd/settings.hpp>
#include <ragd/task.hpp>
#include <ragd/types.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ragd::rag {

struct PipelineSettings {
  std::chrono::milliseconds ttl{3'600'000};  ///< of a stored answer; zero stores none
  Toggle fold_case = Toggle::automatic;
  std::size_t top_k = 5;
  std::chrono::milliseconds request_timeout{30'000};  ///< a flight's budget
};

struct Reply {
  CachedAnswerPtr answer;
  CacheStatus status = CacheStatus::miss;
  bool cached = false;      ///< hit, stale or revalidated
  std::int64_t age_ms = 0;  ///< since it was computed
  std::int64_t ttl_ms = 0;  ///< until the cache lets go of it; zero when it was not stored
  VersionPtr version;       ///< of the corpus the answer holds for
  bool no_answer = false;
  StageTimes times{};
};

class Pipeline {
 public:
  /// What keys hold of retriever and llm is read here, once. All parts outlive the pipeline. It goes after the cores'
  /// threads have ended, before the cores themselves.
  Pipeline(const PipelineSettings& settings, Retriever& retriever, Llm& llm, ResponseCache& cache, Permits& permits,
           obs::Metrics& metrics, const Clock& clock, const std::vector<boost::asio::io_context*>& cores);

  /// Into `plan`, whose memory is used again. What recall and ask are given for the same question.
  void make_plan(const RequestContext& context, const Question& question, Plan& plan) const;

  /// The answer, if the cache has it in memory. Never suspends, asks for no permit. `begun` is now.
  [[nodiscard]] std::optional<Reply> recall(const RequestContext& context, const Question& question, const Plan& plan,
                                            SteadyTime begun);

  Task<Result<Reply>> ask(const RequestContext& context, const Question& question, const Plan& plan);

  /// Retrieval alone, under a permit; top_k 0 is the configured number.
  Task<Result<Retrieved>> search(const RequestContext& context, RetrievalQuery query);

  /// For answers stored from now on.
  void set_ttl(std::chrono::milliseconds ttl) { ttl_ms_.store(ttl.count(), std::memory_order_relaxed); }

 private:
  /// A reply, or the reason for none, with what the cache had to do with it.
  struct Asked {
    Result<Reply> reply;
    CacheStatus status = CacheStatus::miss;
  };

  Task<Asked> ask_through_cache(std::shared_ptr<Work> work);
  Task<Result<VersionPtr>> current_version(const RequestContext& context);
  Task<Asked> ask_alone(std::shared_ptr<const Work> work, CacheStatus status);
  Task<CachedAnswerPtr> look_up(const Work& work, StageTimes& times);

  // The steps of a computation.
  Task<Result<Computed>> compute(std::shared_ptr<const Work> work);
  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query, StageTimes& times);
  Task<Result<CachedAnswerPtr>> generate(const Work& work, Retrieved retrieved, StageTimes& times);
  Task<void> store(const Work& work, CachedAnswerPtr answer, StageTimes& times);
  Task<bool> is_displaced(const Work& work, const CachedAnswer& answer);

  void note_stage(obs::Stage stage, SteadyTime since, StageTimes& times);
  void count(CacheStatus status);

  const std::size_t top_k_;
  const bool fold_case_;
  const std::string key_of_answerers_;
  std::atomic<std::int64_t> ttl_ms_;
  Retriever& retriever_;
  Llm& llm_;
  ResponseCache& cache_;
  Permits& permits_;
  obs::Metrics& metrics_;
  const Clock& clock_;
  SingleFlight flights_;
};

}  // namespace ragd::rag
