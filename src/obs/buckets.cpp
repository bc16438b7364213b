#include "obs/buckets.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>

namespace ragd::obs {

Buckets::Buckets(std::span<const double> bounds) : count_(bounds.size()) {
  const bool ascending = std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end();
  const bool usable =
      std::all_of(bounds.begin(), bounds.end(), [](double bound) { return bound == 0 || usual(bound); });
  if (count_ > kMaxBounds || !ascending || !usable) throw std::invalid_argument("histogram bounds");

  const auto bits_of = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  std::copy(bounds.begin(), bounds.end(), bounds_.begin());
  bits_of_bounds_.fill(bits_of(std::numeric_limits<double>::infinity()));
  std::transform(bounds.begin(), bounds.end(), bits_of_bounds_.begin(), bits_of);

  std::size_t next = !bounds.empty() && bounds.front() == 0 ? 1 : 0;  // no usual value is below 0
  for (std::size_t stretch = 0; stretch < kStretches; ++stretch) {
    starts_[stretch] = static_cast<std::uint8_t>(next);
    if (next < count_ && stretch_of(bounds_[next]) == stretch) ++next;
    if (next < count_ && stretch_of(bounds_[next]) == stretch)
      throw std::invalid_argument("histogram bounds: too close");
  }
}

std::size_t Buckets::of_any(double value) const {
  return static_cast<std::size_t>(std::lower_bound(bounds().begin(), bounds().end(), value) - bounds().begin());
}

}  // namespace ragd::obs
