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

SegmentPtr merged(const Merge& merge) {
  try {
    return Segment::merge(merge.to_copy());
  } catch (const std::exception& exception) {
    obs::log(LogLevel::error, "a merge of the index failed", {{"error", std::string_view(exception.what())}});
    return nullptr;
  }
}

}  // namespace

void CorpusWriter::begin_merge(const std::string& tenant) {
  if (running_ || merging_paused_) return;
  Merge merge = next_merge(published_.load()->of(tenant)->segments());
  if (merge.sources.empty()) return;
  const std::uint64_t number = next_number_++;
  running_ = Running{tenant, merge, number, nullptr, 0, {}};
  boost::asio::post(merger_, [this, number, merge = std::move(merge)] {
    SegmentPtr done = merged(merge);
    boost::asio::post(writer_, [this, number, done = std::move(done)] { take_merged(number, done); });
  });
}

void CorpusWriter::take_merged(std::uint64_t number, SegmentPtr merged) {
  if (!running_ || running_->number != number) return;  // withdrawn meanwhile
  if (!merged) return give_up_merge("out of memory");
  running_->merged = std::move(merged);
  store_merged();
}

void CorpusWriter::store_merged() {
  store::Write write(running_->tenant);
  put_pieces(write, running_->number, *running_->merged, running_->stored_pieces, kPiecesAtOnce);
  running_->stored_pieces += write.index().size();
  const bool last = running_->stored_pieces == piece_count(*running_->merged);
  Result<void> stored = store_.commit(write);
  if (stored && last) stored = end_merge();
  if (!stored) return give_up_merge(stored.error().detail);
  if (last) return;
  boost::asio::post(writer_, [this, number = running_->number] {
    if (running_ && running_->number == number) store_merged();
  });
}

Result<void> CorpusWriter::end_merge() {
  const std::string tenant = running_->tenant;
  auto fresh = std::make_shared<Catalogue>(*published_.load());
  const SnapshotPtr before = fresh->of(tenant);
  IndexChange change(*before, next_number_);
  change.replace(running_->merge, running_->number, running_->merged, running_->late);
  store::Write write(tenant);
  fresh->tenants[tenant] = std::move(change).finish(before->version(), index_tag(), write);
  Result<void> committed = store_.commit(write);
  if (!committed) return committed;
  running_.reset();
  const Result<void> published = publish(std::move(fresh));
  if (published) begin_merge(tenant);
  return {};
}

void CorpusWriter::give_up_merge(const std::string& why) {
  obs::log(LogLevel::warning, "a merge of the index is put off", {{"why", std::string_view(why)}});
  const Running given_up = std::move(*running_);
  running_.reset();
  merging_paused_ = true;
  if (!given_up.merged) return;
  store::Write write(given_up.tenant);
  erase_segment(write, SegmentView(given_up.number, given_up.merged));
  // What cannot be erased now is litter until the next start.
  const Result<void> erased = store_.commit(write);
  if (!erased)
    obs::log(LogLevel::warning, "its pieces stay behind", {{"error", std::string_view(erased.error().detail)}});
}

}  // namespace ragd::retrieval
