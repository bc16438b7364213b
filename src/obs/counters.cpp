#include "obs/counters.hpp"

#include <cmath>

namespace ragd::obs {

void Histogram::observe_unusual(double value) {
  if (!std::isnan(value)) cells_.add_sample(kFirstBucket + buckets_->of_any(value), kSum, value);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  std::uint64_t total = 0;
  for (std::size_t bucket = 0; bucket <= bounds().size(); ++bucket) {
    total += cells_.sum(kFirstBucket + bucket);
    snapshot.cumulative.push_back(total);
  }
  snapshot.sum = cells_.sum_real(kSum);
  return snapshot;
}

}  // namespace ragd::obs
