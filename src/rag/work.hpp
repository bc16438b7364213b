// A question on its way through the pipeline after the cache had no answer, and what comes of it. Plain values, owned:
// the work outlives the request that started it when others wait for the same.
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

struct Work {
  RequestContext context;
  RetrievalQuery query;
  CacheKey key;
  std::string version;       ///< the corpus's when the question was asked
  std::uint64_t epoch = 0;   ///< the cache's, read before anything else
  CachedAnswerPtr seen;      ///< an older entry, which may still hold
  bool reads_cache = false;  ///< may end early with what the cache holds
  bool writes_cache = false;
};

struct Computed {
  CachedAnswerPtr answer;
  std::string version;  ///< of the corpus the answer holds for
  CacheStatus status = CacheStatus::miss;
  StageTimes times{};
};

}  // namespace ragd::rag
