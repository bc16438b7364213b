// One write's work on a tenant's index: from the present snapshot to the next one, and what has to be stored for it.
//
// Belongs to the writer thread. Nothing here touches the store: the records go into a store::Write that is committed
// together with the documents, or not at all.
#pragma once

#include "retrieval/merge_policy.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/snapshot.hpp"
#include "store/stored_document.hpp"
#include "store/write.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::retrieval {

/// What one write buried, by segment number: a merge under way needs to know.
using Burials = std::map<std::uint64_t, Burial>;

class IndexChange {
 public:
  /// `next_number` counts the segments of the whole store and must outlive this. `busy` segments are being merged: they
  /// stay where they are.
  IndexChange(const Snapshot& current, std::uint64_t& next_number, std::set<std::uint64_t> busy = {});

  /// These documents, as they are stored now, are live in the snapshot and will not be.
  void bury(const std::vector<store::StoredDocument>& dead);

  /// `tag`: of their vectors, where they have some.
  void add(std::vector<IndexedDocument> documents, std::uint64_t tag = 0);

  /// Does all merges that are small enough for a write to wait for.
  void merge_small();

  /// `merged` takes the place of the sources; its pieces are stored under `number` already. `late` died in the sources
  /// since the merge began.
  void replace(const Merge& merge, std::uint64_t number, SegmentPtr merged, const std::vector<Burials>& late);

  [[nodiscard]] const Burials& burials() const { return burials_; }

  /// The next snapshot. Its records and the manifest go into `write`, so do the erasures of what it no longer has.
  [[nodiscard]] SnapshotPtr finish(std::string version, std::string_view tag, store::Write& write) &&;

 private:
  [[nodiscard]] Merge next_small_merge() const;
  void bury_in(SegmentView& view, const Burial& burial);
  void remove(std::uint64_t number);

  std::uint64_t& next_number_;
  const std::set<std::uint64_t> busy_;
  std::vector<SegmentView> segments_;
  std::vector<SegmentView> removed_;  ///< as they were stored
  std::set<std::uint64_t> unstored_;  ///< segments whose pieces have to be written
  Burials burials_;
  std::vector<std::pair<SegmentView, Burial>> late_;  ///< what replace() buried, in the view behind each
};

}  // namespace ragd::retrieval
