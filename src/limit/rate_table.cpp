#include "limit/rate_table.hpp"

#include "limit/client_table.hpp"

#include <algorithm>
#include <atomic>
#include <random>

namespace ragd::limit {

class RateTable::Impl : public ClientTable<std::atomic<std::uint64_t>> {
  using ClientTable::ClientTable;
};

RateTable::RateTable(const RateLimitSettings& settings) {
  std::random_device random;
  const std::uint64_t seed = std::uint64_t{random()} << 32U | random();
  if (settings.requests > 0) impl_ = std::make_unique<Impl>(settings, seed);
}

RateTable::~RateTable() = default;

Decision RateTable::check(std::uint64_t client, SteadyTime now) {
  if (impl_ == nullptr) return {};
  const auto since_epoch = std::chrono::nanoseconds(now.time_since_epoch()).count();
  return impl_->check(client, static_cast<Ticks>(std::max<std::int64_t>(since_epoch, 1)));  // 0 stands for "never"
}

RateTableStats RateTable::stats() const {
  return impl_ == nullptr ? RateTableStats{} : impl_->stats();
}

std::size_t RateTable::memory_bytes() const {
  return impl_ == nullptr ? 0 : impl_->memory_bytes();
}

LimitAlgorithm RateTable::algorithm() const {
  return impl_ == nullptr || impl_->rule().exact() ? LimitAlgorithm::exact : LimitAlgorithm::gcra;
}

}  // namespace ragd::limit
