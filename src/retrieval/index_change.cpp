#include "retrieval/index_change.hpp"

#include "retrieval/index_records.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace ragd::retrieval {

IndexChange::IndexChange(const Snapshot& current, std::uint64_t& next_number, std::set<std::uint64_t> busy)
    : next_number_(next_number), busy_(std::move(busy)), segments_(current.segments()) {}

void IndexChange::bury(const std::vector<store::StoredDocument>& dead) {
  std::map<std::size_t, std::vector<IndexedDocument>> by_segment;
  for (const store::StoredDocument& document : dead) {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const std::size_t at = segments_[i].segment->find(document.document.id);
      if (at == Segment::kNotHere || segments_[i].is_dead(at)) continue;
      by_segment[i].push_back({&document, {}});
      break;
    }
  }
  for (auto& [i, documents] : by_segment) {
    const SegmentPtr theirs = Segment::build(std::move(documents));
    bury_in(segments_[i], make_burial(*segments_[i].segment, *theirs));
  }
}

void IndexChange::bury_in(SegmentView& view, const Burial& burial) {
  view = view.after(burial);
  burials_[view.number] = burial;
}

void IndexChange::add(std::vector<IndexedDocument> documents, std::uint64_t tag) {
  if (documents.empty()) return;
  segments_.emplace_back(next_number_, Segment::build(std::move(documents), tag));
  unstored_.insert(next_number_++);
}

void IndexChange::remove(std::uint64_t number) {
  const auto view = std::find_if(segments_.begin(), segments_.end(),
                                 [number](const SegmentView& candidate) { return candidate.number == number; });
  if (unstored_.erase(number) == 0) removed_.push_back(*view);
  segments_.erase(view);
}

Merge IndexChange::next_small_merge() const {
  std::vector<SegmentView> free;
  std::copy_if(segments_.begin(), segments_.end(), std::back_inserter(free),
               [this](const SegmentView& view) { return busy_.count(view.number) == 0; });
  Merge merge = next_merge(free);
  return merge.live <= kSmallMerge ? merge : Merge{};
}

void IndexChange::merge_small() {
  for (Merge merge = next_small_merge(); !merge.sources.empty(); merge = next_small_merge()) {
    for (const SegmentView& source : merge.sources) remove(source.number);
    if (merge.live == 0) continue;
    segments_.emplace_back(next_number_, Segment::merge(merge.to_copy()));
    unstored_.insert(next_number_++);
  }
}

void IndexChange::replace(const Merge& merge, std::uint64_t number, SegmentPtr merged,
                          const std::vector<Burials>& late) {
  std::optional<SegmentView> view(std::in_place, number, std::move(merged));
  for (const SegmentView& source : merge.sources) {
    for (const Burials& burials : late) {
      const auto its = burials.find(source.number);
      if (its == burials.end()) continue;
      const Burial there = moved(its->second, *source.segment, *view->segment);
      view = view->after(there);
      late_.emplace_back(*view, there);
    }
    remove(source.number);
  }
  segments_.push_back(*std::move(view));
}

SnapshotPtr IndexChange::finish(std::string version, std::string_view tag, store::Write& write) && {
  for (const SegmentView& view : removed_) erase_segment(write, view);
  for (const SegmentView& view : segments_) {
    if (unstored_.count(view.number) > 0) {
      put_pieces(write, view.number, *view.segment, 0, std::numeric_limits<std::size_t>::max());
    } else if (const auto buried = burials_.find(view.number); buried != burials_.end()) {
      put_burial(write, view, buried->second);
    }
  }
  for (const auto& [view, burial] : late_) put_burial(write, view, burial);
  put_manifest(write, tag, segments_);
  return std::make_shared<const Snapshot>(std::move(version), std::move(segments_));
}

}  // namespace ragd::retrieval
