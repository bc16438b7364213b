// A group of 16 ways a client's log can be kept under, and the words that say whose they are.
//
// A way's word is {client:46, state:2, generation:16}. A client has at most one live way: insertions into a group
// happen one after the other, each announced in one word, and whoever finds one announced finishes it. The protocol and
// its proof stand in docs/decisions/0003-lock-free-rate-table.md.
//
// Thread-safe, lock-free. All zero is a valid, empty group. `Word` as in admission_log.hpp.
#pragma once

#include "limit/limit_rule.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ragd::limit {

enum class WayState : std::uint8_t {
  empty,
  reserved,  ///< one thread's alone; nobody finds it
  live,
  leaving,  ///< live, but about to be emptied: whoever appends a record calls it back
};

/// What a way's word says.
class WayWord {
 public:
  static constexpr unsigned kGenerationBits = 16;
  static constexpr unsigned kStateBits = 2;
  static constexpr unsigned kClientBits = 46;

  explicit WayWord(std::uint64_t bits) : bits_(bits) {}
  WayWord(std::uint64_t client, WayState state, std::uint64_t generation)
      : bits_(client << (kGenerationBits + kStateBits) | static_cast<std::uint64_t>(state) << kGenerationBits |
              (generation & ((1ULL << kGenerationBits) - 1))) {}

  [[nodiscard]] std::uint64_t bits() const { return bits_; }
  [[nodiscard]] std::uint64_t client() const { return bits_ >> (kGenerationBits + kStateBits); }
  [[nodiscard]] WayState state() const { return static_cast<WayState>(bits_ >> kGenerationBits & 3U); }
  [[nodiscard]] std::uint64_t generation() const { return bits_ & ((1ULL << kGenerationBits) - 1); }

  [[nodiscard]] WayWord with(WayState next) const {
    return {next == WayState::empty ? 0 : client(), next, generation()};
  }
  [[nodiscard]] bool holds(std::uint64_t wanted) const {
    // Live and leaving have the upper bit of the state in common: one comparison sees it and the client.
    static_assert(static_cast<unsigned>(WayState::live) == 2 && static_cast<unsigned>(WayState::leaving) == 3);
    return bits_ >> (kGenerationBits + 1) == (wanted << 1U | 1U);
  }

 private:
  std::uint64_t bits_;
};

template <class Word>
class alignas(64) ClientGroup {
 public:
  static constexpr std::size_t kWays = 16;

  [[nodiscard]] WayWord read(std::size_t index) const { return WayWord(ways_[index].load()); }
  bool replace(std::size_t index, const WayWord& expected, const WayWord& desired) {
    std::uint64_t bits = expected.bits();
    return ways_[index].compare_exchange_strong(bits, desired.bits());
  }
  /// Has the client a way? Certain only for a version that is unchanged afterwards.
  [[nodiscard]] bool knows(std::uint64_t client) const {
    return std::any_of(ways_.begin(), ways_.end(),
                       [client](const Word& way) { return WayWord(way.load()).holds(client); });
  }

  /// The version, with no insertion under way.
  std::uint64_t settle() {
    std::uint64_t publication = publication_.load();
    for (; (publication & kWayMask) != 0; publication = publication_.load()) finish(publication);
    return publication;
  }
  /// Makes a reserved way live if no insertion and no overflow came in since `settled`.
  bool publish(std::size_t index, std::uint64_t settled) {
    const std::uint64_t announced = next_version(settled) | read(index).generation() << kWayBits | (index + 1);
    if (!publication_.compare_exchange_strong(settled, announced)) return false;
    finish(announced);
    return true;
  }

  /// When a client last found no way here; 0: never.
  [[nodiscard]] Ticks overflowed_at() const { return overflowed_at_.load(); }
  /// The note, then a new version: an insertion that did not see the note fails, and one announced before it is
  /// finished when this returns.
  void note_overflow(Ticks now) {
    raise(overflowed_at_, now);
    std::uint64_t settled = settle();
    while (!publication_.compare_exchange_strong(settled, next_version(settled))) settled = settle();
  }

  /// When a client was last forgotten here. None that comes back is charged at an earlier time.
  [[nodiscard]] Ticks emptied_at() const { return emptied_at_.load(); }
  void note_emptied(Ticks now) { raise(emptied_at_, now); }

 private:
  static constexpr unsigned kWayBits = 5;
  static constexpr std::uint64_t kWayMask = (1U << kWayBits) - 1;
  static constexpr unsigned kVersionShift = WayWord::kGenerationBits + kWayBits;

  static std::uint64_t next_version(std::uint64_t publication) {
    return ((publication >> kVersionShift) + 1) << kVersionShift;
  }
  void finish(std::uint64_t publication) {
    const std::size_t index = (publication & kWayMask) - 1;
    const WayWord word = read(index);
    // A later reservation of the same way is not ours to make live: it has another generation.
    const bool announced = word.generation() << kWayBits == (publication & ((1ULL << kVersionShift) - 1) & ~kWayMask);
    if (word.state() == WayState::reserved && announced) {
      replace(index, word, word.with(WayState::live));  // or somebody did it
    }
    publication_.compare_exchange_strong(publication, publication & ~kWayMask);
  }
  static void raise(Word& time, Ticks now) {
    std::uint64_t noted = time.load();
    while (noted < now && !time.compare_exchange_strong(noted, now)) {
    }
  }

  std::array<Word, kWays> ways_;
  Word publication_;  // {version:43, generation:16, way + 1:5}; way bits 0: no insertion under way
  Word overflowed_at_;
  Word emptied_at_;
};

}  // namespace ragd::limit
