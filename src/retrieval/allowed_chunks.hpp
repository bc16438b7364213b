// Which chunks of a segment a search may find: those of live documents that meet the filter. Stateless, thread-safe.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/metadata_values.hpp"
#include "retrieval/snapshot.hpp"

#include <ragd/types.hpp>

namespace ragd::retrieval {

/// In the room given, or where they are known; null: all of them.
[[nodiscard]] inline const Bitmap* allowed_in(const SegmentView& view, const Filter& filter, Bitmap& room) {
  if (filter.empty()) return view.graves ? &view.graves->live_chunks() : nullptr;
  room = chunks_matching(*view.segment, filter);
  if (view.graves) room &= view.graves->live_chunks();
  return &room;
}

}  // namespace ragd::retrieval
