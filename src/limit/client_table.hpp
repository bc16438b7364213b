// Which log belongs to which client: groups of at most 16 ways, found, filled and emptied without locks.
//
// A way's word is {client:46, state:2, generation:16}. A client has at most one live way; a log is given to the next
// client only when the limit has forgotten everything in it. Clients that find no way are charged to their shard's
// shared log. The protocol and its proof stand in docs/decisions/0003-lock-free-rate-table.md.
//
// Thread-safe; no thread ever waits for another. `Word` as in admission_log.hpp.
#pragma once

#include "limit/admission_log.hpp"
#include "limit/zero_pages.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace ragd::limit {

template <class Word>
class ClientTable {
 public:
  /// `seed` decides who shares a group: unknown to clients, they cannot crowd one on purpose.
  ClientTable(const RateLimitSettings& settings, std::uint64_t seed);

  Decision check(std::uint64_t client, Ticks now);
  [[nodiscard]] RateTableStats stats() const;
  [[nodiscard]] std::size_t memory_bytes() const {
    return group_pages_.bytes() + log_pages_.bytes() + shared_pages_.bytes();
  }
  [[nodiscard]] const LimitRule& rule() const { return rule_; }

 private:
  static constexpr std::size_t kWays = 16;
  static constexpr std::size_t kMaxShards = 64;

  struct alignas(64) Group {
    std::array<Word, kWays> ways;
    Word publication;    // {version:43, generation:16, way + 1:5}; way bits 0: no insertion under way
    Word overflowed_at;  // when a client last found no way here; 0: never
  };
  struct alignas(64) Shard {
    std::atomic<std::uint64_t> inserted{0};
    std::atomic<std::uint64_t> reclaimed{0};
    std::atomic<std::uint64_t> overflowed{0};
  };
  enum class State : std::uint8_t { empty, reserved, live, leaving };
  enum class Insertion : std::uint8_t { done, known_already, must_share, no_room };

  struct Place {
    Group& group;
    std::size_t group_index;
    std::uint64_t client;
    Shard& shard;
    AdmissionLog<Word> shared;
  };
  struct Entry {
    std::size_t way;
    Epoch epoch;
    Ticks shared_until;
  };
  struct Charge;

  static constexpr unsigned kGenerationBits = 16;
  static constexpr unsigned kStateBits = 2;
  static constexpr unsigned kClientBits = 46;
  static constexpr unsigned kWayBits = 5;
  static constexpr std::uint64_t kGenerationMask = (1ULL << kGenerationBits) - 1;

  static std::uint64_t make_word(std::uint64_t client, State state, std::uint64_t generation) {
    return client << (kGenerationBits + kStateBits) | static_cast<std::uint64_t>(state) << kGenerationBits |
           (generation & kGenerationMask);
  }
  static std::uint64_t client_of(std::uint64_t word) { return word >> (kGenerationBits + kStateBits); }
  static State state_of(std::uint64_t word) { return static_cast<State>(word >> kGenerationBits & 3U); }
  static std::uint64_t generation_of(std::uint64_t word) { return word & kGenerationMask; }
  static std::uint64_t with_state(std::uint64_t word, State state) {
    return make_word(state == State::empty ? 0 : client_of(word), state, generation_of(word));
  }
  static bool holds(std::uint64_t word, std::uint64_t client) {
    const State state = state_of(word);
    return client_of(word) == client && (state == State::live || state == State::leaving);
  }
  static std::uint64_t next_version(std::uint64_t publication) {
    return ((publication >> (kGenerationBits + kWayBits)) + 1) << (kGenerationBits + kWayBits);
  }
  static bool pending(std::uint64_t publication) { return (publication & ((1U << kWayBits) - 1)) != 0; }

  Place place_of(std::uint64_t client);
  AdmissionLog<Word> log_of(const Place& place, std::size_t way) {
    return {logs_ + (place.group_index * ways_ + way) * AdmissionLog<Word>::words_needed(rule_), rule_};
  }

  std::optional<Entry> find(const Place& place);
  std::optional<Decision> charge(const Place& place, const Entry& entry, Ticks now);
  bool keep(const Place& place, const Entry& entry);

  Insertion insert(const Place& place, Ticks now, bool shares, Decision& decision);
  std::optional<std::size_t> reserve(const Place& place, Ticks now);
  bool reclaim(const Place& place, std::size_t way, Ticks now);
  Insertion publish(const Place& place, std::size_t way, Ticks now, bool shares);
  static std::uint64_t settle(Group& group);
  static void finish(Group& group, std::uint64_t publication);
  bool known(const Place& place) const;

  /// Until when newcomers to the group pay into the shared log, too.
  Ticks shared_until(const Group& group) const {
    const Ticks at = group.overflowed_at.load();
    return at == 0 ? 0 : at + rule_.window();
  }
  static void note_overflow(Group& group, Ticks now);

  LimitRule rule_;
  std::uint64_t seed_;
  std::size_t ways_;
  std::size_t group_count_;
  std::size_t shard_count_;
  ZeroPages group_pages_;
  ZeroPages log_pages_;
  ZeroPages shared_pages_;
  Group* groups_;
  Word* logs_;
  Word* shared_logs_;
  std::unique_ptr<Shard[]> shards_;
};

// ---------------------------------------------------------------------------------------------------- construction

template <class Word>
ClientTable<Word>::ClientTable(const RateLimitSettings& settings, std::uint64_t seed)
    : rule_(settings),
      seed_(seed),
      ways_(std::clamp<std::size_t>(settings.max_clients, 1, kWays)),
      // Twice the room: clients spread over the groups unevenly, and at half load one in thousands finds its group
      // full.
      group_count_(settings.max_clients <= kWays ? 1 : (2 * settings.max_clients + kWays - 1) / kWays),
      shard_count_(std::min(kMaxShards, group_count_)),
      group_pages_(group_count_ * sizeof(Group)),
      log_pages_(group_count_ * ways_ * AdmissionLog<Word>::words_needed(rule_) * sizeof(Word)),
      shared_pages_(shard_count_ * AdmissionLog<Word>::words_needed(rule_) * sizeof(Word)),
      // Zeroed memory is an array of zero words: Word is lock-free and has no other state.
      groups_(static_cast<Group*>(group_pages_.data())),
      logs_(static_cast<Word*>(log_pages_.data())),
      shared_logs_(static_cast<Word*>(shared_pages_.data())),
      shards_(std::make_unique<Shard[]>(shard_count_)) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(Word) == sizeof(std::uint64_t));
  for (std::size_t shard = 0; shard < shard_count_; ++shard) {
    AdmissionLog<Word>(shared_logs_ + shard * AdmissionLog<Word>::words_needed(rule_), rule_).clear();
  }
}

template <class Word>
typename ClientTable<Word>::Place ClientTable<Word>::place_of(std::uint64_t client) {
  std::uint64_t mixed = client ^ seed_;  // then MurmurHash3's finaliser, a bijection
  mixed = (mixed ^ mixed >> 33U) * 0xFF51AFD7ED558CCDULL;
  mixed = (mixed ^ mixed >> 33U) * 0xC4CEB9FE1A85EC53ULL;
  mixed ^= mixed >> 33U;
  const std::size_t group = (mixed >> 32U) * group_count_ >> 32U;
  const std::size_t shard = group % shard_count_;
  return {groups_[group], group, mixed & ((1ULL << kClientBits) - 1), shards_[shard],
          AdmissionLog<Word>(shared_logs_ + shard * AdmissionLog<Word>::words_needed(rule_), rule_)};
}

// --------------------------------------------------------------------------------------------------------- checking

/// At most one charge of a request to its shard's shared log.
template <class Word>
struct ClientTable<Word>::Charge {
  Place& place;
  Ticks now;
  std::optional<Decision> decision;

  bool allowed() {
    if (!decision) {
      decision = place.shared.charge(place.shared.epoch(), now);
      decision->overflow = true;
      place.shard.overflowed.fetch_add(1, std::memory_order_relaxed);
    }
    return decision->allowed;
  }
};

template <class Word>
Decision ClientTable<Word>::check(std::uint64_t client, Ticks now) {
  Place place = place_of(client);
  // A client that paid into the shared log within the window and has a way by now goes on paying there, too: else
  // moving would give it a second quota. Allowed there it is allowed here, where it has fewer records.
  Charge shared{place, now, std::nullopt};
  for (;;) {  // again only if another thread inserted this client, emptied its way, or found the group full
    if (const auto entry = find(place)) {
      if (entry->shared_until > now && !shared.allowed()) return *shared.decision;
      const auto decision = charge(place, *entry, now);
      if (!decision) continue;
      return decision->allowed && shared.decision ? *shared.decision : *decision;
    }
    Decision decision;
    switch (insert(place, now, shared.decision.has_value(), decision)) {
      case Insertion::done:
        return shared.decision ? *shared.decision : decision;
      case Insertion::known_already:
        continue;
      case Insertion::must_share:
        if (!shared.allowed()) return *shared.decision;
        continue;
      case Insertion::no_room:
        note_overflow(place.group, now);
        if (known(place)) continue;
        shared.allowed();
        return *shared.decision;
    }
  }
}

template <class Word>
std::optional<typename ClientTable<Word>::Entry> ClientTable<Word>::find(const Place& place) {
  for (std::size_t way = 0; way < ways_;) {
    const std::uint64_t word = place.group.ways[way].load();
    if (!holds(word, place.client)) {
      ++way;
      continue;
    }
    const AdmissionLog<Word> log = log_of(place, way);
    const Entry entry{way, log.epoch(), log.shared_until()};
    // Unchanged: what was read is this client's, not the next one's.
    if (place.group.ways[way].load() == word) return entry;
  }
  return std::nullopt;
}

template <class Word>
std::optional<Decision> ClientTable<Word>::charge(const Place& place, const Entry& entry, Ticks now) {
  const std::optional<Decision> decision = log_of(place, entry.way).charge(entry.epoch, now);
  // A refusal leaves no record that could be lost.
  if (decision && decision->allowed && !keep(place, entry)) return std::nullopt;
  return decision;
}

/// After a record: is it in a log that is still this client's? A way about to be emptied is called back.
template <class Word>
bool ClientTable<Word>::keep(const Place& place, const Entry& entry) {
  Word& way = place.group.ways[entry.way];
  for (;;) {  // again only if another thread changed the word
    std::uint64_t word = way.load();
    if (!holds(word, place.client) || log_of(place, entry.way).epoch() != entry.epoch) return false;
    if (state_of(word) == State::live) return true;
    if (way.compare_exchange_strong(word, with_state(word, State::live))) return true;
  }
}

// -------------------------------------------------------------------------------------------------------- inserting

template <class Word>
typename ClientTable<Word>::Insertion ClientTable<Word>::insert(const Place& place, Ticks now, bool shares,
                                                                Decision& decision) {
  const std::optional<std::size_t> way = reserve(place, now);
  if (!way) return Insertion::no_room;
  // The first admission goes in before anybody can see the way: nobody finds it idle and takes it away.
  decision = log_of(place, *way).restart(now);
  const Insertion outcome = publish(place, *way, now, shares);
  if (outcome == Insertion::done) {
    place.shard.inserted.fetch_add(1, std::memory_order_relaxed);
  } else {
    Word& word = place.group.ways[*way];
    word.store(with_state(word.load(), State::empty));
  }
  return outcome;
}

/// Takes an empty way, or empties one whose client the limit has forgotten.
template <class Word>
std::optional<std::size_t> ClientTable<Word>::reserve(const Place& place, Ticks now) {
  for (std::size_t way = 0; way < ways_; ++way) {
    std::uint64_t word = place.group.ways[way].load();
    const std::uint64_t reserved = make_word(place.client, State::reserved, generation_of(word) + 1);
    if (state_of(word) == State::empty && place.group.ways[way].compare_exchange_strong(word, reserved)) return way;
  }
  for (std::size_t way = 0; way < ways_; ++way) {
    if (!reclaim(place, way, now)) continue;
    std::uint64_t word = place.group.ways[way].load();
    const std::uint64_t reserved = make_word(place.client, State::reserved, generation_of(word) + 1);
    if (state_of(word) == State::empty && place.group.ways[way].compare_exchange_strong(word, reserved)) return way;
  }
  return std::nullopt;
}

/// Empties a way if its client is forgotten, in two steps so that a record made meanwhile is never lost: announce,
/// look again, empty. Whoever finds it announced may go on from there.
template <class Word>
bool ClientTable<Word>::reclaim(const Place& place, std::size_t way, Ticks now) {
  Word& cell = place.group.ways[way];
  const AdmissionLog<Word> log = log_of(place, way);
  std::uint64_t word = cell.load();
  if (state_of(word) == State::live) {
    if (!rule_.forgotten(log.latest(), now)) return false;
    const std::uint64_t leaving = make_word(client_of(word), State::leaving, generation_of(word) + 1);
    if (!cell.compare_exchange_strong(word, leaving)) return false;
    word = leaving;
  }
  if (state_of(word) != State::leaving) return false;
  const bool forgotten = rule_.forgotten(log.latest(), now);
  const bool changed = cell.compare_exchange_strong(word, with_state(word, forgotten ? State::empty : State::live));
  if (!forgotten || !changed) return false;
  place.shard.reclaimed.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// Makes a reserved way live, unless the client is known already. Insertions into a group happen one after the other:
/// each is announced in one word, and whoever finds one announced finishes it.
template <class Word>
typename ClientTable<Word>::Insertion ClientTable<Word>::publish(const Place& place, std::size_t way, Ticks now,
                                                                 bool shares) {
  Group& group = place.group;
  const std::uint64_t generation = generation_of(group.ways[way].load());
  for (;;) {  // again only if another thread's insertion or overflow came first
    std::uint64_t settled = settle(group);
    // Both looks are of this version: had anybody been inserted or turned away since, the exchange fails.
    const Ticks until = shared_until(group);
    if (until > now && !shares) return Insertion::must_share;
    if (known(place)) return Insertion::known_already;
    log_of(place, way).share_until(until);
    const std::uint64_t announced = next_version(settled) | generation << kWayBits | (way + 1);
    if (!group.publication.compare_exchange_strong(settled, announced)) continue;
    finish(group, announced);
    return Insertion::done;
  }
}

/// No insertion under way; the version.
template <class Word>
std::uint64_t ClientTable<Word>::settle(Group& group) {
  std::uint64_t publication = group.publication.load();
  for (; pending(publication); publication = group.publication.load()) finish(group, publication);
  return publication;
}

template <class Word>
void ClientTable<Word>::finish(Group& group, std::uint64_t publication) {
  const std::uint64_t way_bits = (1U << kWayBits) - 1;
  Word& way = group.ways[(publication & way_bits) - 1];
  std::uint64_t word = way.load();
  const bool is_the_announced = generation_of(word) == (publication >> kWayBits & kGenerationMask);
  if (state_of(word) == State::reserved && is_the_announced) {
    way.compare_exchange_strong(word, with_state(word, State::live));
  }
  group.publication.compare_exchange_strong(publication, publication & ~way_bits);
}

template <class Word>
bool ClientTable<Word>::known(const Place& place) const {
  const auto end = place.group.ways.begin() + static_cast<std::ptrdiff_t>(ways_);
  return std::any_of(place.group.ways.begin(), end, [&](const Word& way) { return holds(way.load(), place.client); });
}

/// The note, then a new version: an insertion that has not seen the note fails, one announced before is finished and
/// visible when this returns.
template <class Word>
void ClientTable<Word>::note_overflow(Group& group, Ticks now) {
  std::uint64_t noted = group.overflowed_at.load();
  while (noted < now && !group.overflowed_at.compare_exchange_strong(noted, now)) {
  }
  std::uint64_t settled = settle(group);
  while (!group.publication.compare_exchange_strong(settled, next_version(settled))) settled = settle(group);
}

template <class Word>
RateTableStats ClientTable<Word>::stats() const {
  RateTableStats stats;
  std::uint64_t inserted = 0;
  for (std::size_t shard = 0; shard < shard_count_; ++shard) {
    const Shard& counts = shards_[shard];
    stats.reclaimed += counts.reclaimed.load(std::memory_order_relaxed);
    stats.overflowed += counts.overflowed.load(std::memory_order_relaxed);
    inserted += counts.inserted.load(std::memory_order_relaxed);
  }
  // Read while others count, the sums may be from different moments.
  stats.clients = inserted - std::min(inserted, stats.reclaimed);
  return stats;
}

}  // namespace ragd::limit
