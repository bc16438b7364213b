// CorpusWriter's merges: made on the merger's thread, stored and published on the writer's, between writes.
#include "obs/log.hpp"
#include "retrieval/corpus_writer.hpp"
#include "retrieval/index_records.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Stored in one commit, so that writes wait for no more.
constexpr std::size_t kPiecesAtOnce = 8;

SegmentPtr merged(const Merge& merge, const std::stop_token& stop) {
  try {
    return Segment::merge(merge.to_copy(), {kGraphRows, stop});
  } catch (const std::exception& exception) {
    obs::log(LogLevel::error, "a merge of the index failed", {{"error", std::string_view(exception.what())}});
    return nullptr;
  }
}

}  // namespace

void CorpusWriter::begin_merges(const std::string& tenant) {
  while (begin_merge(tenant)) continue;
}

bool CorpusWriter::begin_merge(const std::string& tenant) {
  if (merging_paused_) return false;
  const std::set<std::uint64_t> taken = busy(tenant);
  std::vector<SegmentView> free;
  for (const SegmentView& view : published_.load()->of(tenant)->segments()) {
    if (taken.count(view.number) == 0) free.push_back(view);
  }
  Merge merge = next_merge(free);
  std::optional<Running>& running = running_[merge.makes_graph() ? 1 : 0];
  if (merge.sources.empty() || running) return false;
  const std::uint64_t number = next_number_++;
  running = Running{tenant, merge, number, nullptr, 0, {}};
  boost::asio::post(merger_, [this, number, merge = std::move(merge)] {
    SegmentPtr done = merged(merge, stop_.get_token());
    boost::asio::post(writer_, [this, number, done = std::move(done)] { take_merged(number, done); });
  });
  return true;
}

/// Null: it was withdrawn meanwhile.
std::optional<CorpusWriter::Running>* CorpusWriter::running(std::uint64_t number) {
  for (std::optional<Running>& running : running_) {
    if (running && running->number == number) return &running;
  }
  return nullptr;
}

void CorpusWriter::take_merged(std::uint64_t number, SegmentPtr merged) {
  std::optional<Running>* const its = running(number);
  if (its == nullptr || stop_.stop_requested()) return;
  if (!merged) return give_up_merge(*its, "out of memory");
  (*its)->merged = std::move(merged);
  store_merged(number);
}

void CorpusWriter::store_merged(std::uint64_t number) {
  std::optional<Running>* const its = running(number);
  if (its == nullptr) return;
  Running& merge = **its;
  store::Write write(merge.tenant);
  put_pieces(write, number, *merge.merged, merge.stored_pieces, kPiecesAtOnce);
  merge.stored_pieces += write.index().size();
  const bool last = merge.stored_pieces == piece_count(*merge.merged);
  Result<void> stored = store_.commit(write);
  if (stored && last) stored = end_merge(*its);
  if (!stored) return give_up_merge(*its, stored.error().detail);
  if (!last) boost::asio::post(writer_, [this, number] { store_merged(number); });
}

Result<void> CorpusWriter::end_merge(std::optional<Running>& running) {
  const std::string tenant = running->tenant;
  auto fresh = std::make_shared<Catalogue>(*published_.load());
  const SnapshotPtr before = fresh->of(tenant);
  IndexChange change(*before, next_number_);
  change.replace(running->merge, running->number, running->merged, running->late);
  store::Write write(tenant);
  fresh->tenants[tenant] = std::move(change).finish(before->version(), index_tag(), write);
  Result<void> committed = store_.commit(write);
  if (!committed) return committed;
  running.reset();
  const Result<void> published = publish(std::move(fresh));
  if (published) begin_merges(tenant);
  return {};
}

void CorpusWriter::give_up_merge(std::optional<Running>& running, const std::string& why) {
  obs::log(LogLevel::warning, "a merge of the index is put off", {{"why", std::string_view(why)}});
  const Running given_up = *std::exchange(running, std::nullopt);
  merging_paused_ = true;
  if (!given_up.merged) return;
  store::Write write(given_up.tenant);
  erase_segment(write, SegmentView(given_up.number, given_up.merged));
  // What cannot be erased now is litter until the next start.
  const Result<void> erased = store_.commit(write);
  if (!erased) {
    obs::log(LogLevel::warning, "its pieces stay behind", {{"error", std::string_view(erased.error().detail)}});
  }
}

}  // namespace ragd::retrieval
