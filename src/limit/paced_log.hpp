// One client's log under `gcra`: a single record, the theoretical arrival time after its last admission.
//
// Memory: [record][shared until]. The record's word is {epoch:6, time:58}: the number of the client the log belongs to
// now, and the time. A compare-and-swap of that word is the moment of the decision, so nothing is ever half done. The
// same verbs as AdmissionLog; `Atomic` as there.
#pragma once

#include "limit/limit_rule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ragd::limit {

template <class Atomic>
class PacedLog {
 public:
  using Word = Atomic;

  /// `words` points at words_needed(rule) words, zero at first.
  PacedLog(Word* words, const LimitRule& rule) : rule_(rule), record_(words[0]), shared_until_(words[1]) {}

  [[nodiscard]] static std::size_t words_needed(const LimitRule&) { return 2; }

  [[nodiscard]] Epoch epoch() const { return epoch_of(record_.load()); }
  /// Until then the client pays into the shared log, too. Set by the owner.
  [[nodiscard]] Ticks shared_until() const { return shared_until_.load(); }
  void share_until(Ticks time) { shared_until_.store(time); }

  /// Forgets everything: the next epoch begins empty. For the one thread that owns the log.
  void clear() { record_.store(make_record(epoch() + 1, 0)); }
  /// The next epoch begins with one admission. For the one thread that owns the log.
  void restart(Ticks now, Decision& decision) {
    const Ticks arrival = now + rule_.interval();
    record_.store(make_record(epoch() + 1, arrival));
    allow(arrival, now, decision);
  }

  /// Decides about one request and records it if allowed. False: the log has gone on to another epoch.
  bool charge(Epoch epoch, Ticks now, Decision& decision) {
    std::uint64_t record = record_.load();
    for (;;) {  // again only if another thread's record came in between
      if (epoch_of(record) != epoch) return false;
      const Ticks latest = time_of(record);
      if (latest > now + rule_.tolerance()) {
        decision = {.allowed = false,
                    .retry_after = std::chrono::nanoseconds(latest - rule_.tolerance() - now),
                    .reset = std::chrono::nanoseconds(latest - now)};
        return true;
      }
      const Ticks arrival = std::max(now, latest) + rule_.interval();
      if (record_.compare_exchange_strong(record, make_record(epoch, arrival))) {
        allow(arrival, now, decision);
        return true;
      }
    }
  }

  /// A client whose whole burst is back is as good as one never seen.
  [[nodiscard]] bool forgotten(Ticks now) const { return time_of(record_.load()) <= now; }

 private:
  static constexpr unsigned kTimeBits = 58;  // nine years of nanoseconds
  static constexpr std::uint64_t kTimeMask = (1ULL << kTimeBits) - 1;

  static Epoch epoch_of(std::uint64_t record) { return record >> kTimeBits; }
  static Ticks time_of(std::uint64_t record) { return record & kTimeMask; }
  static std::uint64_t make_record(Epoch epoch, Ticks time) { return epoch << kTimeBits | (time & kTimeMask); }

  void allow(Ticks arrival, Ticks now, Decision& decision) const {
    const Ticks ahead = arrival - now;  // at most the burst: the tolerance and one interval
    const Ticks left = rule_.tolerance() + rule_.interval() - ahead;
    decision = {.allowed = true,
                .remaining = static_cast<std::uint32_t>(left / rule_.interval()),
                .reset = std::chrono::nanoseconds(ahead)};
  }

  const LimitRule& rule_;
  Word& record_;
  Word& shared_until_;
};

}  // namespace ragd::limit
