// One client's log: a ring of its last records that any number of threads append to without waiting for each other.
//
// Memory: [head][shared until][slot 0]...[slot R-1]. head is {epoch:24, index:40}: the next record's index, and the
// number of the client the log belongs to now. A slot is {epoch:5, lap:1, time:58}. A record is appended in two steps,
// claiming the slot of head.index and moving head on; whoever finds the first step done does the second for its author.
// Why this is exact and lock-free stands in docs/decisions/0003-lock-free-rate-table.md.
//
// `Word` is std::atomic<std::uint64_t>, or a test's stand-in; all accesses are sequentially consistent.
#pragma once

#include "limit/limit_rule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace ragd::limit {

using Epoch = std::uint64_t;

template <class Word>
class AdmissionLog {
 public:
  /// `words` points at words_needed(rule) words, zero at first.
  AdmissionLog(Word* words, const LimitRule& rule)
      : rule_(rule), head_(words[0]), shared_until_(words[1]), slots_(words + 2), size_(rule.log_size()) {}

  [[nodiscard]] static std::size_t words_needed(const LimitRule& rule) { return 2 + rule.log_size(); }

  [[nodiscard]] Epoch epoch() const { return epoch_of(head_.load()); }
  /// Until then the client pays into the shared log, too. Set by the owner.
  [[nodiscard]] Ticks shared_until() const { return shared_until_.load(); }
  void share_until(Ticks time) { shared_until_.store(time); }

  /// Forgets everything: the next epoch begins empty. For the one thread that owns the log.
  void clear() { head_.store(make_head(epoch() + 1, 0)); }
  /// The next epoch begins with one admission. For the one thread that owns the log.
  Decision restart(Ticks now) {
    // The epoch first: a straggler of the last one must find it over before it can find the new record in its way.
    clear();
    const Ticks record = rule_.first_record(now);
    slots_[0].store(make_slot(epoch(), 0, record));
    head_.store(make_head(epoch(), 1));
    return allowed(0, record, now);
  }

  /// Decides about one request and appends it if allowed. Nothing: the log has gone on to another epoch.
  std::optional<Decision> charge(Epoch epoch, Ticks now);
  /// The newest record, or one that came in meanwhile.
  [[nodiscard]] Ticks latest() const {
    const std::uint64_t index = index_of(head_.load());
    return index > 0 ? time_of(slot(index - 1).load()) : 0;
  }

 private:
  static constexpr unsigned kIndexBits = 40;
  static constexpr std::uint64_t kIndexMask = (1ULL << kIndexBits) - 1;
  static constexpr std::uint64_t kEpochMask = (1ULL << (64U - kIndexBits)) - 1;
  static constexpr unsigned kTimeBits = 58;  // nine years of nanoseconds
  static constexpr std::uint64_t kTimeMask = (1ULL << kTimeBits) - 1;

  static Epoch epoch_of(std::uint64_t head) { return head >> kIndexBits; }
  static std::uint64_t index_of(std::uint64_t head) { return head & kIndexMask; }
  static std::uint64_t make_head(Epoch epoch, std::uint64_t index) {
    return (epoch & kEpochMask) << kIndexBits | (index & kIndexMask);
  }
  static Ticks time_of(std::uint64_t slot) { return slot & kTimeMask; }
  [[nodiscard]] std::uint64_t make_slot(Epoch epoch, std::uint64_t index, Ticks time) const {
    const std::uint64_t lap = index / size_ & 1U;
    return (epoch << 1U | lap) << kTimeBits | (time & kTimeMask);
  }
  [[nodiscard]] Word& slot(std::uint64_t index) const { return slots_[index % size_]; }

  /// The slots a decision needs, all read while the head stood still.
  struct View {
    std::uint64_t head = 0;
    std::uint64_t here = 0;  // the slot the next record goes to
    Ticks latest = 0;
    std::optional<Ticks> back;
    bool claimed = false;  // `here` is the next record already; only the head is behind
  };
  [[nodiscard]] View view() const;

  [[nodiscard]] Decision allowed(std::uint64_t index, Ticks record, Ticks now) const {
    return {.allowed = true, .remaining = remaining(index, record, now), .reset = nanoseconds_until(record, now)};
  }
  [[nodiscard]] std::chrono::nanoseconds nanoseconds_until(Ticks record, Ticks now) const {
    return std::chrono::nanoseconds(std::max(rule_.reset_at(record), now) - now);
  }
  [[nodiscard]] std::uint32_t remaining(std::uint64_t index, Ticks record, Ticks now) const;

  const LimitRule& rule_;
  Word& head_;
  Word& shared_until_;
  Word* slots_;
  std::size_t size_;
};

template <class Word>
typename AdmissionLog<Word>::View AdmissionLog<Word>::view() const {
  for (;;) {  // again only if another thread's record moved the head
    View view;
    view.head = head_.load();
    const std::uint64_t index = index_of(view.head);
    if (index > 0) view.latest = time_of(slot(index - 1).load());
    if (index >= rule_.lookback()) view.back = time_of(slot(index - rule_.lookback()).load());
    view.here = slot(index).load();
    if (head_.load() != view.head) continue;
    // A leftover of an earlier epoch may bear the same tag; its time is older than all of this epoch's.
    const Ticks time = time_of(view.here);
    view.claimed = view.here == make_slot(epoch_of(view.head), index, time) && time >= view.latest;
    return view;
  }
}

template <class Word>
std::optional<Decision> AdmissionLog<Word>::charge(Epoch epoch, Ticks now) {
  for (;;) {  // again only if another thread's record came in between
    View seen = view();
    if (epoch_of(seen.head) != epoch) return std::nullopt;
    const std::uint64_t index = index_of(seen.head);
    const std::uint64_t next = make_head(epoch, index + 1);
    if (seen.claimed) {
      head_.compare_exchange_strong(seen.head, next);
      continue;
    }
    const LimitRule::Verdict verdict = rule_.judge(now, seen.latest, seen.back);
    if (!verdict.allowed) {
      return Decision{.allowed = false,
                      .retry_after = std::chrono::nanoseconds(verdict.retry_after),
                      .reset = nanoseconds_until(seen.latest, now)};
    }
    if (!slot(index).compare_exchange_strong(seen.here, make_slot(epoch, index, verdict.record))) continue;
    head_.compare_exchange_strong(seen.head, next);  // or somebody did it for us: now the record is latest()
    return allowed(index, verdict.record, now);
  }
}

template <class Word>
std::uint32_t AdmissionLog<Word>::remaining(std::uint64_t index, Ticks record, Ticks now) const {
  if (!rule_.exact()) {
    const Ticks ahead = record - std::min(record, now);
    const Ticks burst = rule_.interval() * rule_.requests();
    return ahead >= burst ? 0 : static_cast<std::uint32_t>((burst - ahead) / std::max<Ticks>(rule_.interval(), 1));
  }
  // Records ascend: bisect for the oldest one still inside the window. Slots overwritten meanwhile are newer: inside.
  std::uint64_t low = index + 1 > rule_.requests() ? index + 1 - rule_.requests() : 0;
  std::uint64_t high = index;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (time_of(slot(middle).load()) + rule_.window() <= record) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return rule_.requests() - static_cast<std::uint32_t>(index + 1 - low);
}

}  // namespace ragd::limit
