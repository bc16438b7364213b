// The corpus versions that requests of one core ask for: at most one read is under way, and whoever comes meanwhile
// shares the next one, which begins after they came.
//
// Belongs to its core; no locks. Who waits leaves at its own deadline; the read goes on for the others. It must outlive
// its reads.
#pragma once

#include "net/socket.hpp"
#include "retrieval/pgvector/database.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace ragd::retrieval::pgvector {

class VersionReads {
 public:
  VersionReads(const Executor& executor, Database& database) : executor_(executor), database_(database) {}
  VersionReads(const VersionReads&) = delete;
  VersionReads& operator=(const VersionReads&) = delete;

  [[nodiscard]] Task<Result<VersionPtr>> read(std::string tenant, SteadyTime deadline);

  /// Since the start.
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

 private:
  using Versions = std::map<std::string, VersionPtr>;
  struct Shared;
  class Alarm;

  void start();
  [[nodiscard]] Task<Result<Versions>> ask(std::set<std::string> tenants);

  const Executor executor_;
  Database& database_;
  std::shared_ptr<Shared> next_;  // owners: this, the read once it is under way, and who waits for it
  bool reading_ = false;
  std::uint64_t reads_ = 0;
};

}  // namespace ragd::retrieval::pgvector
