// One client's log under `exact`: a ring of its last admissions that any number of threads append to without waiting
// for each other.
//
// Memory: [head][shared until][slot 0]...[slot R-1]. head is {epoch:13, held:11, index:40}: the number of the client
// the log belongs to now, how many of its records may still be in the window, and the next record's index. A slot is
// {epoch:5, lap:1, time:58}. A record is appended in two steps, claiming the slot of head.index and moving head on;
// whoever finds the first step done does the second for its author. Why this is exact and lock-free stands in
// docs/decisions/0003-lock-free-rate-table.md.
//
// `Atomic` is std::atomic<std::uint64_t>, or a test's stand-in; all accesses are sequentially consistent.
#pragma once

#include "limit/limit_rule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ragd::limit {

template <class Atomic>
class AdmissionLog {
 public:
  using Word = Atomic;

  /// `words` points at words_needed(rule) words, zero at first.
  AdmissionLog(Word* words, const LimitRule& rule)
      : rule_(rule), head_(words[0]), shared_until_(words[1]), slots_(words + 2), size_(log_size(rule)) {}

  [[nodiscard]] static std::size_t words_needed(const LimitRule& rule) { return 2 + log_size(rule); }

  [[nodiscard]] Epoch epoch() const { return epoch_of(head_.load()); }
  /// Until then the client pays into the shared log, too. Set by the owner.
  [[nodiscard]] Ticks shared_until() const { return shared_until_.load(); }
  void share_until(Ticks time) { shared_until_.store(time); }

  /// Forgets everything: the next epoch begins empty. For the one thread that owns the log.
  void clear() { head_.store(make_head(epoch() + 1, 0, 0)); }
  /// The next epoch begins with one admission. For the one thread that owns the log.
  void restart(Ticks now, Decision& decision) {
    // The epoch first: a straggler of the last one must find it over before it can find the new record in its way.
    clear();
    slots_[0].store(make_slot(epoch(), 0, now));
    head_.store(make_head(epoch(), 1, 1));
    allow(1, now, now, decision);
  }

  /// Decides about one request and appends it if allowed. False: the log has gone on to another epoch.
  bool charge(Epoch epoch, Ticks now, Decision& decision);

  /// A client whose newest record has left the window is as good as one never seen.
  [[nodiscard]] bool forgotten(Ticks now) const { return latest() + rule_.window() <= now; }

 private:
  static constexpr unsigned kIndexBits = 40;
  static constexpr std::uint64_t kIndexMask = (1ULL << kIndexBits) - 1;
  static constexpr unsigned kHeldBits = 11;
  static constexpr std::uint64_t kHeldMask = (1ULL << kHeldBits) - 1;
  static_assert(kMaxExactRequests <= kHeldMask);
  static constexpr unsigned kTimeBits = 58;  // nine years of nanoseconds
  static constexpr std::uint64_t kTimeMask = (1ULL << kTimeBits) - 1;

  /// Never one slot alone: the newest record must survive while the next is being written.
  static std::size_t log_size(const LimitRule& rule) { return std::max(rule.requests(), 2U); }

  static Epoch epoch_of(std::uint64_t head) { return head >> (kIndexBits + kHeldBits); }
  static std::size_t held_of(std::uint64_t head) { return head >> kIndexBits & kHeldMask; }
  static std::uint64_t index_of(std::uint64_t head) { return head & kIndexMask; }
  static std::uint64_t make_head(Epoch epoch, std::size_t held, std::uint64_t index) {
    return epoch << (kIndexBits + kHeldBits) | held << kIndexBits | (index & kIndexMask);
  }
  static Ticks time_of(std::uint64_t slot) { return slot & kTimeMask; }
  static std::uint64_t make_slot(Epoch epoch, std::uint64_t lap, Ticks time) {
    return (epoch << 1U | (lap & 1U)) << kTimeBits | (time & kTimeMask);
  }
  /// `back` slots before `position`, at most a whole round.
  [[nodiscard]] Word& slot_before(std::size_t position, std::size_t back) const {
    return slots_[position >= back ? position - back : position + size_ - back];
  }

  /// The newest record, or one that came in meanwhile.
  [[nodiscard]] Ticks latest() const {
    const std::uint64_t index = index_of(head_.load());
    return index > 0 ? time_of(slots_[(index - 1) % size_].load()) : 0;
  }

  /// How many of the last `held` records are less than a window before `time`, and when the oldest of them was.
  /// `here` is what the slot at `position` held when it was read: a whole round ago is that slot, too.
  struct Window {
    std::size_t held;
    Ticks oldest;
  };
  [[nodiscard]] Window window_at(Ticks time, std::size_t position, std::size_t held, std::uint64_t here) const {
    for (; held > 0; --held) {  // what is passed over here no later request looks at again
      const Ticks oldest = time_of(held == size_ ? here : slot_before(position, held).load());
      if (oldest + rule_.window() > time) return {held, oldest};
    }
    return {0, 0};
  }

  /// `held` counts the record.
  void allow(std::size_t held, Ticks record, Ticks now, Decision& decision) const {
    decision = {.allowed = true,
                .remaining = rule_.requests() - static_cast<std::uint32_t>(held),
                .reset = std::chrono::nanoseconds(record + rule_.window() - now)};
  }

  const LimitRule& rule_;
  Word& head_;
  Word& shared_until_;
  Word* slots_;
  std::size_t size_;
};

template <class Atomic>
bool AdmissionLog<Atomic>::charge(Epoch epoch, Ticks now, Decision& decision) {
  for (;;) {  // again only if another thread's record came in between
    std::uint64_t head = head_.load();
    if (epoch_of(head) != epoch) return false;
    const std::uint64_t index = index_of(head);
    const std::uint64_t lap = index / size_;
    const std::size_t position = index % size_;
    const Ticks latest = index > 0 ? time_of(slot_before(position, 1).load()) : 0;
    std::uint64_t here = slots_[position].load();
    const Ticks claim = time_of(here);
    // A leftover of an earlier epoch may bear the same tag; its time is older than all of this epoch's.
    if (here == make_slot(epoch, lap, claim) && claim >= latest) {
      // Only the head is behind. A record that was allowed took the place of one that had left the window.
      const Window window = window_at(claim, position, std::min(held_of(head), size_ - 1), here);
      head_.compare_exchange_strong(head, make_head(epoch, window.held + 1, index + 1));
      continue;
    }
    const Ticks record = std::max(now, latest);  // time never runs backwards for a client
    const Window window = window_at(record, position, held_of(head), here);
    if (head_.load() != head) continue;  // the slots were not all read while it stood still
    if (window.held >= rule_.requests()) {
      decision = {.allowed = false,
                  .retry_after = std::chrono::nanoseconds(window.oldest + rule_.window() - now),
                  .reset = std::chrono::nanoseconds(latest + rule_.window() - now)};
      return true;
    }
    if (!slots_[position].compare_exchange_strong(here, make_slot(epoch, lap, record))) continue;
    // Or somebody did it for us: now the record is latest().
    head_.compare_exchange_strong(head, make_head(epoch, window.held + 1, index + 1));
    allow(window.held + 1, record, now, decision);
    return true;
  }
}

}  // namespace ragd::limit
