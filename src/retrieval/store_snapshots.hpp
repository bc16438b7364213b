// Snapshots of the embedded corpus, taken on a pool while it is served.
//
// Thread-safe. One at a time: who asks for a second is refused. stop() ends the one under way, so that a server that is
// to end need not wait until gigabytes are summed.
#pragma once

#include "retrieval/write_turns.hpp"
#include "store/document_store.hpp"

#include <ragd/clock.hpp>
#include <ragd/snapshots.hpp>

#include <boost/asio/thread_pool.hpp>

#include <stop_token>
#include <string>

namespace ragd::retrieval {

class StoreSnapshots final : public Snapshots {
 public:
  /// They lie in `folder`. All must outlive this, and this the pool's work.
  StoreSnapshots(store::DocumentStore& store, boost::asio::thread_pool& pool, const Clock& clock, std::string folder);

  Task<Result<SnapshotTaken>> take(const RequestContext& context, std::string name) override;

  void stop() { stop_.request_stop(); }

 private:
  store::DocumentStore& store_;
  boost::asio::thread_pool& pool_;
  const Clock& clock_;
  const std::string folder_;
  std::stop_source stop_;
  WriteTurns turns_{1};
};

}  // namespace ragd::retrieval
