#include "api/readiness.hpp"

namespace ragd::api {

bool Readiness::ready() const {
  if (draining()) return false;
  const auto statuses = statuses_.load();
  const auto required = required_.load();
  for (std::size_t i = 0; i < kDependencyNames.size(); ++i) {
    if ((*required)[i] && !(*statuses)[i].up) return false;
  }
  return true;
}

}  // namespace ragd::api
