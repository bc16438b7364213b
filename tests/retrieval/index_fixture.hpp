// An index without a store or a chunker: documents of one chunk a line, records in a map.
#pragma once

#include "retrieval/index_change.hpp"
#include "retrieval/index_records.hpp"
#include "retrieval/metadata_values.hpp"
#include "retrieval/search.hpp"
#include "store/view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval {

inline constexpr std::string_view kTestTag = "test";

inline store::StoredDocument make_document(const std::string& id, const std::string& text,
                                           const std::string& title = {}, const std::string& metadata = "{}") {
  store::StoredDocument stored{{id, text, title, "source of " + id, metadata}, {}};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    stored.chunks.push_back({begin, end, ""});
    begin = end + 1;
  }
  return stored;
}

inline std::vector<IndexedDocument> indexed(const std::vector<store::StoredDocument>& documents) {
  std::vector<IndexedDocument> all;
  for (const store::StoredDocument& stored : documents) {
    all.push_back({&stored, *parse_metadata(stored.document.metadata_json)});
  }
  return all;
}

/// What the documents' index is when it is built at once.
inline SnapshotPtr built(const std::vector<store::StoredDocument>& documents, const std::string& version = "v-1") {
  std::vector<SegmentView> segments;
  if (!documents.empty()) segments.emplace_back(1, Segment::build(indexed(documents)));
  return std::make_shared<const Snapshot>(version, std::move(segments));
}

/// Documents and index records in memory, as a store would show them.
class MapView final : public store::View {
 public:
  std::map<std::string, store::StoredDocument> documents;
  std::map<std::string, std::string> records;
  mutable std::size_t reads = 0;
  std::set<std::string> on_disk;  ///< documents that are not in memory

  void apply(const store::Write& write) {
    for (const std::string& name : write.erased_index()) records.erase(name);
    for (const auto& [name, value] : write.index()) records[name] = value;
  }

  [[nodiscard]] Result<std::optional<std::vector<store::StoredPassage>>> passages(
      const std::string& /*tenant*/, std::span<const store::PassageRef> refs, store::ReadFrom from) const override {
    std::vector<store::StoredPassage> passages;
    for (const store::PassageRef& ref : refs) {
      const std::string id(ref.document_id);
      if (from == store::ReadFrom::memory && on_disk.count(id) > 0) {
        return std::optional<std::vector<store::StoredPassage>>();
      }
      ++reads;
      const store::StoredDocument& stored = documents.at(id);
      const store::ChunkSpan& span = stored.chunks.at(ref.ordinal);
      const Document& document = stored.document;
      passages.push_back({document.title, document.source, document.metadata_json, span.heading,
                          document.text.substr(span.start, span.end - span.start), span.start, span.end});
    }
    return std::optional(std::move(passages));
  }
  [[nodiscard]] Result<bool> holds(const std::string& /*tenant*/, const std::string& id) const override {
    return documents.count(id) > 0;
  }
  [[nodiscard]] Result<store::StoredDocument> get(const std::string& /*tenant*/, const std::string& id) const override {
    return documents.at(id);
  }
  [[nodiscard]] Result<DocumentPage> list(const std::string& /*tenant*/, const std::string& /*after*/,
                                          std::size_t /*limit*/) const override {
    return DocumentPage{};
  }
  [[nodiscard]] Result<void> for_each(
      const std::string& /*tenant*/,
      const std::function<Result<void>(store::StoredDocument)>& /*visit*/) const override {
    return {};
  }
  [[nodiscard]] Result<void> for_each_index(
      const std::string& /*tenant*/, std::string_view prefix,
      const std::function<Result<void>(std::string_view, std::string_view)>& visit) const override {
    for (const auto& [name, value] : records) {
      if (!name.starts_with(prefix)) continue;
      if (Result<void> visited = visit(name, value); !visited) return visited;
    }
    return {};
  }
};

/// Writes like the corpus's writer, but into a MapView.
class TestIndex {
 public:
  void write(const std::vector<store::StoredDocument>& batch, const std::vector<std::string>& erased = {}) {
    std::vector<store::StoredDocument> dead;
    std::vector<std::string> gone(erased);
    for (const store::StoredDocument& stored : batch) gone.push_back(stored.document.id);
    for (const std::string& id : gone) {
      if (const auto before = view.documents.extract(id)) dead.push_back(before.mapped());
    }
    IndexChange change(*snapshot, next_number_, busy_);
    change.bury(dead);
    change.add(indexed(batch));
    change.merge_small();
    late_.prepare(merge_, change.burials());
    late_.keep();
    take(std::move(change), "v-" + std::to_string(++version_));
    for (const store::StoredDocument& stored : batch) view.documents[stored.document.id] = stored;
  }

  /// False when none is due.
  bool begin_merge() {
    merge_ = next_merge(snapshot->segments());
    for (const SegmentView& source : merge_.sources) busy_.insert(source.number);
    if (!busy_.empty()) merged_ = Segment::merge(merge_.to_copy());
    return !busy_.empty();
  }

  void end_merge() {
    const std::uint64_t number = next_number_++;
    store::Write ahead("default");
    put_pieces(ahead, number, *merged_, 0, piece_count(*merged_));
    view.apply(ahead);
    IndexChange change(*snapshot, next_number_);
    change.replace(merge_, number, merged_, late_);
    busy_.clear();
    merge_ = {};
    late_ = {};
    take(std::move(change), snapshot->version());
  }

  [[nodiscard]] std::vector<store::StoredDocument> documents() const {
    std::vector<store::StoredDocument> all;
    for (const auto& [id, stored] : view.documents) all.push_back(stored);
    return all;
  }

  SnapshotPtr snapshot = std::make_shared<const Snapshot>("v-0");
  MapView view;

 private:
  void take(IndexChange change, const std::string& version) {
    store::Write write("default");
    snapshot = std::move(change).finish(version, kTestTag, write);
    view.apply(write);
  }

  std::uint64_t next_number_ = 1;
  int version_ = 0;
  Merge merge_;
  SegmentPtr merged_;
  std::set<std::uint64_t> busy_;
  LateBurials late_;
};

inline std::string chunk_id(const RankedChunk& ranked) {
  const std::uint32_t document = ranked.segment->document_of(ranked.chunk);
  return std::string(ranked.segment->id(document)) + "#" +
         std::to_string(ranked.chunk - ranked.segment->first_chunk(document));
}

using Scores = std::vector<std::pair<std::string, double>>;  ///< chunk id, score

inline Scores scores_of(const Ranking& ranking) {
  Scores scores;
  for (const RankedChunk& ranked : ranking.chunks) scores.emplace_back(chunk_id(ranked), ranked.score);
  return scores;
}

}  // namespace ragd::retrieval
