#include "retrieval/embedded_queue.hpp"

#include "net/offload.hpp"
#include "retrieval/embedding_texts.hpp"

#include <algorithm>

namespace ragd::retrieval {

Task<Result<std::vector<WaitingDocument>>> EmbeddedQueue::take(std::size_t passages) {
  auto work = [this, passages] { return take_now(passages); };
  co_return co_await net::offload(pool_, std::move(work));
}

Task<Result<void>> EmbeddedQueue::land(std::vector<DocumentVectors> batch) {
  auto work = [this, batch = std::move(batch)] { return land_now(batch); };
  co_return co_await net::offload(writer_pool_, std::move(work));
}

void EmbeddedQueue::put_back(const std::vector<WaitingDocument>& batch) {
  const std::lock_guard lock(mutex_);
  for (const WaitingDocument& document : batch) out_.erase({document.tenant, document.id});
}

Result<std::vector<WaitingDocument>> EmbeddedQueue::take_now(std::size_t passages) {
  std::vector<WaitingDocument> batch;
  const auto catalogue = published_.load();
  if (!catalogue) return fail(Errc::unavailable, "the index is not restored");
  forget_refusals(*catalogue);
  for (const auto& [tenant, id] : choose(*catalogue, passages)) batch.push_back({tenant, id, {}, {}});
  for (WaitingDocument& document : batch) {
    const auto stored = catalogue->view->get(document.tenant, document.id);
    if (!stored) {
      put_back(batch);
      return stored.error();
    }
    document.texts = texts_to_embed(*stored);
    document.stamp = stamp_of(document.texts);
  }
  return batch;
}

std::vector<EmbeddedQueue::Name> EmbeddedQueue::choose(const Catalogue& catalogue, std::size_t passages) {
  std::vector<Name> names;
  std::size_t chosen = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& [tenant, snapshot] : catalogue.tenants) {
    const std::vector<SegmentView>& segments = snapshot->segments();
    for (auto view = segments.rbegin(); view != segments.rend() && chosen < passages; ++view) {
      choose_from(tenant, *view, passages, chosen, names);
    }
  }
  return names;
}

void EmbeddedQueue::choose_from(const std::string& tenant, const SegmentView& view, std::size_t passages,
                                std::size_t& chosen, std::vector<Name>& names) {
  const Segment& segment = *view.segment;
  for (std::size_t document = 0; document < segment.documents() && chosen < passages; ++document) {
    if (!waits(view, document)) continue;
    Name name(tenant, segment.id(document));
    const std::size_t chunks = segment.first_chunk(document + 1) - segment.first_chunk(document);
    const bool fits = names.empty() || chosen + chunks <= passages;
    if (!fits || refused_.count(name) > 0 || !out_.insert(name).second) continue;
    chosen += chunks;
    names.push_back(std::move(name));
  }
}

bool EmbeddedQueue::waits(const SegmentView& view, std::size_t document) const {
  const Segment& segment = *view.segment;
  if (view.is_dead(document) || segment.first_chunk(document) == segment.first_chunk(document + 1)) return false;
  const std::size_t dimension = embedder_.dimension();
  return !segment.vectors().has(document) || (dimension > 0 && segment.vectors().dimension() != dimension);
}

Result<void> EmbeddedQueue::land_now(const std::vector<DocumentVectors>& batch) {
  std::map<std::string, std::vector<DocumentVectors>> by_tenant;
  for (const DocumentVectors& document : batch) by_tenant[document.tenant].push_back(document);
  Result<void> all;
  for (const auto& [tenant, documents] : by_tenant) {
    if (Result<void> landed = writer_.land(tenant, documents); !landed) all = landed;
  }
  const auto catalogue = published_.load();
  const std::lock_guard lock(mutex_);
  for (const DocumentVectors& document : batch) {
    const Name name(document.tenant, document.id);
    out_.erase(name);
    if (document.vectors.empty() && catalogue) refuse(*catalogue, name);
  }
  return all;
}

void EmbeddedQueue::refuse(const Catalogue& catalogue, const Name& name) {
  const SnapshotPtr& snapshot = catalogue.of(name.first);
  const auto place = snapshot->find(name.second);
  if (!place) return;
  const SegmentView& view = snapshot->segments()[place->segment];
  const std::size_t chunks =
      view.segment->first_chunk(place->document + 1) - view.segment->first_chunk(place->document);
  refused_[name] = {view.number, chunks};
}

/// Those that do not lie any more where they lay when they were refused.
void EmbeddedQueue::forget_refusals(const Catalogue& catalogue) {
  const std::lock_guard lock(mutex_);
  std::erase_if(refused_, [&catalogue](const auto& refused) {
    const SnapshotPtr& snapshot = catalogue.of(refused.first.first);
    const auto place = snapshot->find(refused.first.second);
    return !place || snapshot->segments()[place->segment].number != refused.second.segment;
  });
}

std::size_t EmbeddedQueue::waiting(const std::string& tenant, const Snapshot& snapshot) const {
  std::size_t refused = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, refusal] : refused_) refused += name.first == tenant ? refusal.chunks : 0;
  }
  const std::size_t without = snapshot.chunks() - snapshot.embedded();
  return without - std::min(without, refused);
}

std::size_t EmbeddedQueue::waiting() const {
  const auto catalogue = published_.load();
  if (!catalogue) return 0;
  std::size_t chunks = 0;
  for (const auto& [tenant, snapshot] : catalogue->tenants) chunks += waiting(tenant, *snapshot);
  return chunks;
}

std::size_t EmbeddedQueue::waiting(const std::string& tenant) const {
  const auto catalogue = published_.load();
  return catalogue ? waiting(tenant, *catalogue->of(tenant)) : 0;
}

}  // namespace ragd::retrieval
