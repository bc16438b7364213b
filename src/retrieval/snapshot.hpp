// One tenant's index at one version: its segments, what is dead in each, and exact statistics.
//
// Immutable; readers share it. Statistics count live chunks only: results equal those of an index built anew, whatever
// the segments are.
#pragma once

#include "retrieval/burial.hpp"
#include "retrieval/segment.hpp"

#include <ragd/retriever.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

struct SegmentView {
  std::uint64_t number = 0;  ///< under which it is stored
  SegmentPtr segment;
  GravesPtr graves;         ///< null: all live
  std::size_t burials = 0;  ///< stored of it
  std::size_t live_documents = 0;
  std::size_t live_chunks = 0;
  std::uint64_t live_length = 0;
  std::size_t live_rows = 0;  ///< chunks with a vector

  SegmentView(std::uint64_t number, SegmentPtr all_live);
  /// The burial's documents must be live.
  [[nodiscard]] SegmentView after(const Burial& burial) const;
  [[nodiscard]] bool is_dead(std::size_t document) const { return graves && graves->is_dead(document); }
};

class Snapshot;
using SnapshotPtr = std::shared_ptr<const Snapshot>;  // owners: the published catalogue and searches under way

class Snapshot {
 public:
  explicit Snapshot(std::string version, std::vector<SegmentView> segments = {});

  [[nodiscard]] const std::string& version() const { return *version_; }
  /// To be kept without keeping the snapshot.
  [[nodiscard]] const VersionPtr& shared_version() const { return version_; }
  /// The largest first.
  [[nodiscard]] const std::vector<SegmentView>& segments() const { return segments_; }

  struct Place {
    std::size_t segment = 0;
    std::size_t document = 0;
  };
  /// Where the live document of this id is.
  [[nodiscard]] std::optional<Place> find(std::string_view id) const;

  [[nodiscard]] std::size_t documents() const { return documents_; }
  [[nodiscard]] std::size_t chunks() const { return chunks_; }
  /// Chunks with a vector.
  [[nodiscard]] std::size_t embedded() const { return embedded_; }
  /// Of a live chunk, in weighted words; 0 when there is none.
  [[nodiscard]] double average_length() const;
  /// Of memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  VersionPtr version_;
  std::vector<SegmentView> segments_;
  std::size_t documents_ = 0;
  std::size_t chunks_ = 0;
  std::uint64_t length_ = 0;
  std::size_t embedded_ = 0;
};

}  // namespace ragd::retrieval
