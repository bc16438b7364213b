#include "retrieval/snapshot.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ragd::retrieval {

SegmentView::SegmentView(std::uint64_t its_number, SegmentPtr all_live)
    : number(its_number),
      segment(std::move(all_live)),
      live_documents(segment->documents()),
      live_chunks(segment->chunks()),
      live_length(segment->total_length()),
      live_rows(segment->vectors().rows()) {}

SegmentView SegmentView::after(const Burial& burial) const {
  SegmentView next = *this;
  next.graves = Graves::with(graves, *segment, burial);
  ++next.burials;
  next.live_documents -= burial.documents.size();
  for (const std::uint32_t document : burial.documents) {
    const std::uint32_t first = segment->first_chunk(document);
    const auto lengths = segment->lengths().subspan(first, segment->first_chunk(document + 1) - first);
    next.live_chunks -= lengths.size();
    if (segment->vectors().has(document)) next.live_rows -= lengths.size();
    next.live_length -= std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0});
  }
  return next;
}

Snapshot::Snapshot(std::string version, std::vector<SegmentView> segments)
    : version_(std::make_shared<const std::string>(std::move(version))), segments_(std::move(segments)) {
  std::sort(segments_.begin(), segments_.end(), [](const SegmentView& a, const SegmentView& b) {
    return a.live_chunks != b.live_chunks ? a.live_chunks > b.live_chunks : a.number < b.number;
  });
  for (const SegmentView& view : segments_) {
    documents_ += view.live_documents;
    chunks_ += view.live_chunks;
    length_ += view.live_length;
    embedded_ += view.live_rows;
  }
}

std::optional<Snapshot::Place> Snapshot::find(std::string_view id) const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const std::size_t document = segments_[i].segment->find(id);
    if (document != Segment::kNotHere && !segments_[i].is_dead(document)) return Place{i, document};
  }
  return std::nullopt;
}

double Snapshot::average_length() const {
  return chunks_ == 0 ? 0 : static_cast<double>(length_) / static_cast<double>(chunks_);
}

std::size_t Snapshot::bytes() const {
  std::size_t bytes = sizeof *this + segments_.capacity() * sizeof(SegmentView);
  for (const SegmentView& view : segments_) {
    bytes += view.segment->bytes().size() + (view.graves ? view.graves->bytes() : 0);
  }
  return bytes;
}

}  // namespace ragd::retrieval
