#include "retrieval/store_snapshots.hpp"

#include "net/offload.hpp"
#include "store/snapshot_take.hpp"

#include <utility>

namespace ragd::retrieval {

namespace {

Result<SnapshotTaken> take_now(store::DocumentStore& store, const store::SnapshotRequest& request,
                               const std::string& tenant) {
  Result<store::Snapshot> snapshot = store::take_snapshot(store, request);
  if (!snapshot) return snapshot.error();
  std::string version = snapshot->version_of(tenant);
  if (version.empty()) version = store.initial_version();
  return SnapshotTaken{std::move(snapshot->name), snapshot->manifest.documents(), snapshot->manifest.bytes(),
                       std::move(version)};
}

}  // namespace

StoreSnapshots::StoreSnapshots(store::DocumentStore& store, boost::asio::thread_pool& pool, const Clock& clock,
                               std::string folder)
    : store_(store), pool_(pool), clock_(clock), folder_(std::move(folder)) {}

Task<Result<SnapshotTaken>> StoreSnapshots::take(const RequestContext& context, std::string name) {
  WriteTurns::Turn turn = turns_.take();
  if (!turn) {
    co_return fail(Errc::conflict, "a snapshot is being taken", "another snapshot is being taken, try again later");
  }
  store::SnapshotRequest request{folder_, std::move(name), clock_.wall_now(), stop_.get_token()};
  auto work = [this, turn = std::move(turn), request = std::move(request), tenant = context.caller.tenant]() mutable {
    const WriteTurns::Turn held = std::move(turn);
    return take_now(store_, request, tenant);
  };
  co_return co_await net::offload(pool_, std::move(work));
}

}  // namespace ragd::retrieval
