// One tenant's index at one version: a few segments, the documents in them that are dead, and exact statistics.
//
// Immutable; readers share it. A change makes a new snapshot that shares all segments it does not have to merge.
// Segments shrink geometrically (each more than twice the next), so there are O(log n) of them and n documents written
// one by one cost O(n log n). Statistics count live chunks only: results equal those of an index built anew.
#pragma once

#include "retrieval/segment.hpp"

#include <ragd/retriever.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

struct SegmentView {
  SegmentPtr segment;
  std::shared_ptr<const DocumentSet> dead;  ///< null: all live. Owners: the snapshots that share the view
  std::size_t live_documents = 0;
  std::size_t live_chunks = 0;
  std::uint64_t live_length = 0;

  explicit SegmentView(SegmentPtr all_live);
  [[nodiscard]] bool is_dead(std::size_t document) const { return dead && (*dead)[document]; }
};

class Snapshot;
using SnapshotPtr = std::shared_ptr<const Snapshot>;  // owners: the published catalogue and searches under way

class Snapshot {
 public:
  explicit Snapshot(std::string version) : version_(std::make_shared<const std::string>(std::move(version))) {}
  Snapshot(std::string version, std::vector<DocumentPtr> documents);

  /// What is there after `documents` replaced those of their ids and the ids in `erased` are gone.
  [[nodiscard]] SnapshotPtr with(std::string version, std::vector<DocumentPtr> documents,
                                 const std::vector<std::string>& erased) const;

  [[nodiscard]] const std::string& version() const { return *version_; }
  /// To be kept without keeping the snapshot.
  [[nodiscard]] const VersionPtr& shared_version() const { return version_; }
  [[nodiscard]] const std::vector<SegmentView>& segments() const { return segments_; }
  [[nodiscard]] std::size_t documents() const;
  [[nodiscard]] std::size_t chunks() const;
  /// Of a live chunk, in weighted words; 0 when there is none.
  [[nodiscard]] double average_length() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  void bury(const std::vector<std::string_view>& ids);
  void compact();

  VersionPtr version_;
  std::vector<SegmentView> segments_;
};

}  // namespace ragd::retrieval
