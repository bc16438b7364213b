// What is published after each write: every tenant's snapshot, and the view of the store in which their passages are
// read. Immutable.
#pragma once

#include "base/published.hpp"
#include "retrieval/snapshot.hpp"
#include "store/view.hpp"

#include <functional>
#include <map>
#include <string>

namespace ragd::retrieval {

struct Catalogue {
  store::ViewPtr view;
  std::map<std::string, SnapshotPtr, std::less<>> tenants;
  SnapshotPtr nothing;  ///< what a tenant has that nobody has written to

  [[nodiscard]] const SnapshotPtr& of(const std::string& tenant) const {
    const auto found = tenants.find(tenant);
    return found == tenants.end() ? nothing : found->second;
  }
};

/// Empty until the index is restored, and again when it is not known to be that of the documents.
using PublishedCatalogue = base::Published<Catalogue>;

}  // namespace ragd::retrieval
