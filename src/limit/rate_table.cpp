#include "limit/rate_table.hpp"

#include "limit/admission_log.hpp"
#include "limit/client_table.hpp"
#include "limit/paced_log.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <variant>

namespace ragd::limit {

class RateTable::Impl {
 public:
  Impl(const RateLimitSettings& settings, std::uint64_t seed) {
    if (LimitRule::is_exact(settings)) {
      table_.emplace<Exact>(settings, seed);
    } else {
      table_.emplace<Gcra>(settings, seed);
    }
  }

  Decision check(std::uint64_t client, Ticks now) {
    // Not std::visit: a jump that can be foreseen, and both checks inlined.
    if (auto* gcra = std::get_if<Gcra>(&table_)) return gcra->check(client, now);
    return std::get<Exact>(table_).check(client, now);
  }
  [[nodiscard]] bool exact() const { return std::holds_alternative<Exact>(table_); }
  [[nodiscard]] RateTableStats stats() const {
    if (const auto* gcra = std::get_if<Gcra>(&table_)) return gcra->stats();
    return std::get<Exact>(table_).stats();
  }
  [[nodiscard]] std::size_t memory_bytes() const {
    if (const auto* gcra = std::get_if<Gcra>(&table_)) return gcra->memory_bytes();
    return std::get<Exact>(table_).memory_bytes();
  }

 private:
  using Word = std::atomic<std::uint64_t>;
  using Exact = ClientTable<AdmissionLog<Word>>;
  using Gcra = ClientTable<PacedLog<Word>>;
  std::variant<std::monostate, Exact, Gcra> table_;
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
  return impl_ == nullptr || impl_->exact() ? LimitAlgorithm::exact : LimitAlgorithm::gcra;
}

}  // namespace ragd::limit
