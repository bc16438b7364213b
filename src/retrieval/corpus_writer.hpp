// Everything that changes the corpus: writes, merges behind them, and bringing the index back at the start.
//
// All calls come from one thread (the pool `writer` has just one), so that the store, the index and what is published
// move in step; merging alone happens on a thread of its own. A write is synced, then published, then acknowledged. It
// keeps no state that a crash could lose: what it needs at the start it reads from the store.
#pragma once

#include "retrieval/catalogue.hpp"
#include "retrieval/embedding_queue.hpp"
#include "retrieval/index_change.hpp"
#include "store/document_store.hpp"

#include <ragd/error.hpp>
#include <ragd/retriever.hpp>

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace ragd::retrieval {

class CorpusWriter {
 public:
  /// The store must outlive this, and this the pools' work. `writer` must have exactly one thread; merges keep up to
  /// two threads of `merger` busy. `vectors`: the tag of those to keep; 0: none are wanted.
  CorpusWriter(store::DocumentStore& store, boost::asio::thread_pool& writer, boost::asio::thread_pool& merger,
               PublishedCatalogue& published, std::uint64_t vectors = 0);
  virtual ~CorpusWriter() = default;
  CorpusWriter(const CorpusWriter&) = delete;
  CorpusWriter& operator=(const CorpusWriter&) = delete;

  /// Loads the index, or builds it anew where it is missing or another version's. Before anything else.
  Result<void> restore();

  Result<PutOutcome> put(const std::string& tenant, std::vector<Document> batch);
  Result<std::string> erase(const std::string& tenant, const std::string& id);

  /// Documents whose texts are no longer those that were embedded are left out. Bumps the version where any is left.
  Result<void> land(const std::string& tenant, const std::vector<DocumentVectors>& batch);

  /// From any thread: merges under way end soon, without a result.
  void stop_merging() { stop_.request_stop(); }

  /// Now and then: tries again what failed before (restoring, merging, sweeping up).
  void tend();

 protected:
  /// The only step that may fail between the store's commit and the publication; tests make it.
  [[nodiscard]] virtual store::ViewPtr look() { return store_.view(); }

 private:
  /// A merge under way.
  struct Running {
    std::string tenant;
    Merge merge;
    std::uint64_t number = 0;
    SegmentPtr merged;  ///< null until it is done
    std::size_t stored_pieces = 0;
    std::vector<Burials> late;  ///< since it began
  };

  [[nodiscard]] Result<std::shared_ptr<const Catalogue>> current() const;
  [[nodiscard]] std::set<std::uint64_t> busy(const std::string& tenant) const;
  Result<void> commit(const std::string& tenant, IndexChange change, const std::string& version, store::Write write);
  Result<void> publish(std::shared_ptr<Catalogue> fresh);

  Result<void> restore_or_throw();
  Result<SnapshotPtr> restored(const store::View& view, const std::string& tenant, const std::string& version);
  Result<std::vector<SegmentView>> built_anew(const store::View& view, const std::string& tenant);
  Result<void> store_pieces(const std::string& tenant, std::uint64_t number, const Segment& segment);
  Result<void> sweep(const std::string& tenant, std::vector<std::string> litter);

  void begin_merges(const std::string& tenant);
  bool begin_merge(const std::string& tenant);
  [[nodiscard]] std::optional<Running>* running(std::uint64_t number);
  void take_merged(std::uint64_t number, SegmentPtr merged);
  void store_merged(std::uint64_t number);
  Result<void> end_merge(std::optional<Running>& running);
  void give_up_merge(std::optional<Running>& running, const std::string& why);

  store::DocumentStore& store_;
  boost::asio::thread_pool& writer_;
  boost::asio::thread_pool& merger_;
  PublishedCatalogue& published_;
  std::uint64_t next_number_ = 1;
  std::array<std::optional<Running>, 2> running_;  ///< one without a graph, and one with: that takes minutes
  const std::uint64_t vectors_;
  bool merging_paused_ = false;  ///< after one failed, until tend()
  std::stop_source stop_;
};

/// Whatever changes the index of the same documents.
[[nodiscard]] std::string index_tag();

}  // namespace ragd::retrieval
