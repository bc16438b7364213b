// A question as the pipeline knows it, on its way when the cache in memory had no answer, and what comes of it. Plain
// values, owned: the work outlives the request that started it when others wait for the same.
#pragma once

#include "obs/metrics.hpp"

#include <ragd/context.hpp>
#include <ragd/response_cache.hpp>
#include <ragd/retriever.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace ragd::rag {

using CacheStatus = obs::CacheResult;

/// What each obs::Stage took; zero where it was not entered.
using StageTimes = std::array<std::chrono::nanoseconds, obs::kStages>;

/// What to look for, and where its answer is kept.
struct Plan {
  RetrievalQuery query;
  CacheKey key;
};

struct Work {
  RequestContext context;
  Plan plan;
  VersionPtr version;        ///< the corpus's when the question was asked; null: it could not be read
  std::uint64_t epoch = 0;   ///< the cache's, read before anything else
  CachedAnswerPtr seen;      ///< an older entry, which may still hold
  bool reads_cache = false;  ///< may end early with what the cache holds
  bool writes_cache = false;
};

struct Computed {
  CachedAnswerPtr answer;
  VersionPtr version;  ///< of the corpus the answer holds for
  CacheStatus status = CacheStatus::miss;
  StageTimes times{};
};

}  // namespace ragd::rag
