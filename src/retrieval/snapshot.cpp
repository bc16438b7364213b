#include "retrieval/snapshot.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace ragd::retrieval {

namespace {

std::uint64_t total_length(const Segment& segment, std::uint32_t first, std::uint32_t last) {
  std::uint64_t length = 0;
  for (std::uint32_t chunk = first; chunk < last; ++chunk) length += segment.length_of(chunk);
  return length;
}

SegmentView merged(std::span<const SegmentView> views) {
  std::vector<Segment::Source> sources;
  for (const SegmentView& view : views) sources.push_back({view.segment, view.dead.get()});
  return SegmentView(Segment::merge(sources));
}

bool mostly_dead(const SegmentView& view) {
  return view.live_documents * 2 < view.segment->documents() || view.live_chunks * 2 < view.segment->chunks();
}

/// What a merge has to copy; never 0, so that documents without chunks are counted too.
std::size_t size_of(const SegmentView& view) {
  return view.live_chunks + view.live_documents;
}

}  // namespace

SegmentView::SegmentView(SegmentPtr all_live)
    : segment(std::move(all_live)),
      live_documents(segment->documents()),
      live_chunks(segment->chunks()),
      live_length(total_length(*segment, 0, static_cast<std::uint32_t>(segment->chunks()))) {}

Snapshot::Snapshot(std::string version, std::vector<DocumentPtr> documents) : Snapshot(std::move(version)) {
  if (!documents.empty()) segments_.emplace_back(Segment::build(std::move(documents)));
}

SnapshotPtr Snapshot::with(std::string version, std::vector<DocumentPtr> documents,
                           const std::vector<std::string>& erased) const {
  auto next = std::make_shared<Snapshot>(std::move(version));
  next->segments_ = segments_;
  std::vector<std::string_view> gone(erased.begin(), erased.end());
  for (const DocumentPtr& document : documents) gone.push_back(document->document.id);
  next->bury(gone);
  if (!documents.empty()) next->segments_.emplace_back(Segment::build(std::move(documents)));
  next->compact();
  return next;
}

void Snapshot::bury(const std::vector<std::string_view>& ids) {
  for (SegmentView& view : segments_) {
    std::shared_ptr<DocumentSet> dead;  // owner: this loop, until the view takes it
    for (const std::string_view id : ids) {
      const std::size_t position = view.segment->find(id);
      if (position == Segment::kNotHere || view.is_dead(position)) continue;
      if (!dead) {
        dead = view.dead ? std::make_shared<DocumentSet>(*view.dead)
                         : std::make_shared<DocumentSet>(view.segment->documents(), false);
      }
      (*dead)[position] = true;
      const std::uint32_t first = view.segment->first_chunk(position);
      const std::uint32_t last = view.segment->first_chunk(position + 1);
      --view.live_documents;
      view.live_chunks -= last - first;
      view.live_length -= total_length(*view.segment, first, last);
    }
    if (dead) view.dead = std::move(dead);
  }
}

void Snapshot::compact() {
  std::erase_if(segments_, [](const SegmentView& view) { return view.live_documents == 0; });
  std::sort(segments_.begin(), segments_.end(),
            [](const SegmentView& a, const SegmentView& b) { return size_of(a) < size_of(b); });
  std::vector<SegmentView> compacted;
  for (std::size_t first = 0; first < segments_.size();) {
    std::size_t size = size_of(segments_[first]);
    std::size_t last = first + 1;
    while (last < segments_.size() && size_of(segments_[last]) <= 2 * size) size += size_of(segments_[last++]);
    const bool alone = last == first + 1 && !mostly_dead(segments_[first]);
    compacted.push_back(alone ? segments_[first] : merged(std::span(segments_).subspan(first, last - first)));
    first = last;
  }
  segments_ = std::move(compacted);
}

std::size_t Snapshot::documents() const {
  std::size_t count = 0;
  for (const SegmentView& view : segments_) count += view.live_documents;
  return count;
}

std::size_t Snapshot::chunks() const {
  std::size_t count = 0;
  for (const SegmentView& view : segments_) count += view.live_chunks;
  return count;
}

double Snapshot::average_length() const {
  std::uint64_t length = 0;
  for (const SegmentView& view : segments_) length += view.live_length;
  const std::size_t count = chunks();
  return count == 0 ? 0 : static_cast<double>(length) / static_cast<double>(count);
}

std::size_t Snapshot::bytes() const {
  std::size_t bytes = 0;
  for (const SegmentView& view : segments_) bytes += view.segment->bytes();
  return bytes;
}

}  // namespace ragd::retrieval
