// Whole copies of a corpus, made while it is served: what a backend can do that keeps its documents itself.
//
// Thread-safe. A backend that has tools of its own for this does not implement it.
#pragma once

#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <cstdint>
#include <string>

namespace ragd {

struct SnapshotTaken {
  std::string name;
  std::uint64_t documents = 0;  ///< of all tenants
  std::uint64_t bytes = 0;      ///< of its files, however many of them it shares with the store
  std::string version;          ///< of the caller's tenant in it
};

class Snapshots {
 public:
  virtual ~Snapshots() = default;

  /// A copy of every tenant as of one moment, durable on return. An empty name: one is made from the time.
  /// Errc::unprocessable for a name that is none, Errc::conflict for one that is taken and while another is being made,
  /// Errc::storage_full.
  virtual Task<Result<SnapshotTaken>> take(const RequestContext& context, std::string name) = 0;
};

}  // namespace ragd
