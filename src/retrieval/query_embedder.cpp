#include "retrieval/query_embedder.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ragd::retrieval {

namespace {

/// Of the list and the table, about.
constexpr std::size_t kEntryOverhead = 160;

}  // namespace

Task<Result<SharedVector>> QueryEmbedder::embed(const RequestContext& context, const std::string& text) {
  SharedVector known = find(text);
  metrics_.embedding_cache_requests.add(known ? obs::CacheResult::hit : obs::CacheResult::miss);
  if (known) co_return known;
  const SteadyTime begun = clock_.steady_now();
  const SteadyTime deadline = std::min(context.deadline, begun + settings_.timeout);
  std::vector<std::string> texts{text};
  Result<Embedded> embedded = co_await embedder_.embed(deadline, std::move(texts), EmbeddingUse::query);
  const std::chrono::duration<double> took = clock_.steady_now() - begun;
  metrics_.stage_duration.observe(obs::Stage::embed, took.count());
  if (!embedded) co_return embedded.error();
  SharedVector vector = std::make_shared<const Vector>(std::move(embedded->vectors.at(0)));
  keep(text, vector);
  co_return vector;
}

QueryEmbedderStats QueryEmbedder::stats() const {
  const std::lock_guard lock(mutex_);
  return {entries_.size(), bytes_};
}

std::size_t QueryEmbedder::bytes_of(const Entry& entry) {
  return kEntryOverhead + entry.text.size() + entry.vector->size() * sizeof(float);
}

SharedVector QueryEmbedder::find(const std::string& text) {
  const std::lock_guard lock(mutex_);
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->vector;
}

void QueryEmbedder::keep(const std::string& text, SharedVector vector) {
  const std::lock_guard lock(mutex_);
  if (by_text_.count(text) > 0) return;  // two asked at once
  entries_.push_front({text, std::move(vector)});
  by_text_.emplace(entries_.front().text, entries_.begin());
  bytes_ += bytes_of(entries_.front());
  while (bytes_ > settings_.cached_bytes && entries_.size() > 1) {
    const Entry& oldest = entries_.back();
    bytes_ -= bytes_of(oldest);
    by_text_.erase(oldest.text);
    entries_.pop_back();
  }
}

}  // namespace ragd::retrieval
