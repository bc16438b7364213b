#include "retrieval/embedded_queue.hpp"

#include "net/offload.hpp"
#include "retrieval/embedding_texts.hpp"

#include <algorithm>
#include <optional>
#include <set>

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

/// One look through the catalogue for what may be handed out.
class EmbeddedQueue::Choice {
 public:
  Choice(const EmbeddedQueue& queue, std::size_t passages, std::set<Name> passed_over)
      : queue_(queue), passages_(passages), passed_over_(std::move(passed_over)) {}

  void look_into(const std::string& tenant, const Snapshot& snapshot) {
    const std::vector<SegmentView>& segments = snapshot.segments();
    for (auto view = segments.rbegin(); view != segments.rend() && !full_; ++view) {
      const bool done = view->live_rows == view->live_chunks && queue_.fits(*view->segment);
      if (!done) look_into(tenant, *view);
    }
  }
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] std::map<Name, std::uint64_t>& chosen() { return chosen_; }

 private:
  void look_into(const std::string& tenant, const SegmentView& view) {
    const Segment& segment = *view.segment;
    for (std::size_t document = 0; document < segment.documents() && !full_; ++document) {
      if (!queue_.waits(view, document)) continue;
      Name name(tenant, segment.id(document));
      if (passed_over_.count(name) > 0) continue;
      const std::size_t chunks = segment.first_chunk(document + 1) - segment.first_chunk(document);
      full_ = count_ > 0 && count_ + chunks > passages_;
      if (full_) return;
      count_ += chunks;
      chosen_.emplace(std::move(name), view.number);
    }
  }

  const EmbeddedQueue& queue_;
  const std::size_t passages_;
  const std::set<Name> passed_over_;
  std::size_t count_ = 0;
  bool full_ = false;
  std::map<Name, std::uint64_t> chosen_;
};

std::vector<EmbeddedQueue::Name> EmbeddedQueue::choose(const Catalogue& catalogue, std::size_t passages) {
  std::set<Name> passed_over;
  std::string last;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, segment] : out_) passed_over.insert(name);
    for (const auto& [name, refusal] : refused_) passed_over.insert(name);
    last = last_tenant_;
  }
  Choice choice(*this, passages, std::move(passed_over));
  // In turn, so that one tenant's million does not keep the others waiting.
  auto tenant = catalogue.tenants.upper_bound(last);
  for (std::size_t looked = 0; looked < catalogue.tenants.size() && !choice.full(); ++looked, ++tenant) {
    if (tenant == catalogue.tenants.end()) tenant = catalogue.tenants.begin();
    choice.look_into(tenant->first, *tenant->second);
  }
  std::vector<Name> names;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, segment] : choice.chosen()) {
    if (out_.emplace(name, segment).second) names.push_back(name);  // else another worker's, since
  }
  if (!names.empty()) last_tenant_ = names.back().first;
  return names;
}

bool EmbeddedQueue::fits(const Segment& segment) const {
  const std::size_t dimension = embedder_.dimension();
  return dimension == 0 || segment.vectors().dimension() == dimension;
}

bool EmbeddedQueue::waits(const SegmentView& view, std::size_t document) const {
  const Segment& segment = *view.segment;
  if (view.is_dead(document) || segment.first_chunk(document) == segment.first_chunk(document + 1)) return false;
  return !segment.vectors().has(document) || !fits(segment);
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
    const auto handed_out = out_.find(name);
    if (handed_out == out_.end()) continue;
    if (document.vectors.empty() && catalogue) refuse(*catalogue, name, handed_out->second);
    out_.erase(handed_out);
  }
  return all;
}

namespace {

/// Null: it does not lie in that segment any more, so it is not what it was.
std::optional<std::size_t> chunks_in(const Catalogue& catalogue, const std::string& tenant, const std::string& id,
                                     std::uint64_t segment) {
  const SnapshotPtr& snapshot = catalogue.of(tenant);
  const auto place = snapshot->find(id);
  if (!place) return std::nullopt;
  const SegmentView& view = snapshot->segments()[place->segment];
  if (view.number != segment) return std::nullopt;
  return view.segment->first_chunk(place->document + 1) - view.segment->first_chunk(place->document);
}

}  // namespace

void EmbeddedQueue::refuse(const Catalogue& catalogue, const Name& name, std::uint64_t segment) {
  if (const auto chunks = chunks_in(catalogue, name.first, name.second, segment)) refused_[name] = {segment, *chunks};
}

/// Those that do not lie any more where they lay when they were refused.
void EmbeddedQueue::forget_refusals(const Catalogue& catalogue) {
  const std::lock_guard lock(mutex_);
  std::erase_if(refused_, [&catalogue](const auto& refused) {
    return !chunks_in(catalogue, refused.first.first, refused.first.second, refused.second.segment);
  });
}

std::size_t EmbeddedQueue::waiting(const Catalogue& catalogue, const std::string& tenant) const {
  std::size_t refused = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, refusal] : refused_) {
      if (name.first == tenant && chunks_in(catalogue, tenant, name.second, refusal.segment)) refused += refusal.chunks;
    }
  }
  std::size_t without = 0;
  for (const SegmentView& view : catalogue.of(tenant)->segments()) {
    without += fits(*view.segment) ? view.live_chunks - view.live_rows : view.live_chunks;
  }
  return without - std::min(without, refused);
}

std::size_t EmbeddedQueue::waiting() const {
  const auto catalogue = published_.load();
  if (!catalogue) return 0;
  std::size_t chunks = 0;
  for (const auto& [tenant, snapshot] : catalogue->tenants) chunks += waiting(*catalogue, tenant);
  return chunks;
}

std::size_t EmbeddedQueue::waiting(const std::string& tenant) const {
  const auto catalogue = published_.load();
  return catalogue ? waiting(*catalogue, tenant) : 0;
}

}  // namespace ragd::retrieval
